#include "world/start_check.h"

#include <cstddef>

#include "base/error.h"

namespace lockstep::world {

void check_same_facts(const Group& group, const Facts& facts) {
  for (const auto& [name, value] : facts) {
    const auto values = group.gather_texts(Purpose::facts, value);
    for (std::size_t rank = 1; rank < values.size(); ++rank) {
      if (values[rank] != values[0]) {
        fail(
            ErrorKind::diverged,
            "rank {} has {} {}, rank 0 has {}; make them the same on all hosts",
            rank,
            name,
            values[rank],
            values[0]);
      }
    }
  }
}

} // namespace lockstep::world
