#include "world/start_check.h"

#include <cstddef>

#include "base/error.h"
#include "base/host.h"
#include "world/devices.h"

namespace lockstep::world {

namespace {

void check_same(const Group& group, Purpose purpose, const Facts& facts) {
  for (const auto& [name, value] : facts) {
    const auto values = group.gather_texts(purpose, value);
    for (std::size_t rank = 1; rank < values.size(); ++rank) {
      if (values[rank] != values[0]) {
        // All see the same values, so all come here.
        const auto hosts = group.gather_texts(purpose, host_name());
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

} // namespace

void check_same_facts(const Group& group, const Facts& facts) {
  check_same(group, Purpose::facts, facts);
}

void check_same_versions(const Group& group, const std::string& version) {
  check_same(
      group,
      Purpose::versions,
      {{"lockstep", version}, {"MLX", mlx_version()}});
}

} // namespace lockstep::world
