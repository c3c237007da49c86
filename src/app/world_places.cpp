#include "app/world_places.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/host.h"

namespace lockstep::app {

std::vector<engine::RankPlace> places_here(const WorldOptions& world) {
  engine::RankPlace here;
  here.host = host_name();
  here.device = here.host;
  here.room = engine::usable(host_memory_bytes());
  here.free = free_memory_bytes();
  here.limit = world.max_memory;
  return std::vector<engine::RankPlace>(
      static_cast<std::size_t>(std::max(1, world.n_ranks)), here);
}

std::vector<engine::RankPlace> places_of(
    const WorldOptions& world, const plan::Hosts& hosts) {
  std::vector<engine::RankPlace> places;
  for (const auto& host : hosts.hosts) {
    auto place =
        host.is_here() ? places_here(world).front() : engine::RankPlace{};
    place.host = host.ssh;
    place.device = host.ssh;
    place.limit = world.max_memory;
    if (host.memory > 0 && (place.limit == 0 || host.memory < place.limit)) {
      place.limit = host.memory;
    }
    place.share = host.share.value_or(1.0);
    places.push_back(std::move(place));
  }
  return places;
}

} // namespace lockstep::app
