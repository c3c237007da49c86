#include "world/start_check.h"

#include <cstddef>

#include "base/error.h"
#include "base/host.h"

namespace lockstep::world {

void check_same_facts(const Group& group, const Facts& facts) {
  for (const auto& [name, value] : facts) {
    const auto values = group.gather_texts(Purpose::facts, value);
    for (std::size_t rank = 1; rank < values.size(); ++rank) {
      if (values[rank] != values[0]) {
        // All see the same values, so all come here.
        const auto hosts = group.gather_texts(Purpose::facts, host_name());
        fail(
            ErrorKind::diverged,
            "rank {} on {} has {} {}, rank 0 on {} has {}; make them the same "
            "on all hosts",
            rank,
            hosts[rank],
            name,
            values[rank],
            hosts[0],
            values[0]);
      }
    }
  }
}

} // namespace lockstep::world
