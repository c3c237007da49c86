#include "engine/places.h"

#include <algorithm>
#include <cstddef>
#include <variant>

#include "mlx/device.h"
#include <fmt/format.h>

#include "base/host.h"
#include "base/json.h"
#include "world/gather_json.h"

namespace lockstep::engine {

namespace mx = mlx::core;

namespace {

/// Memory of this rank's own GPU; 0 when it has none.
std::uint64_t gpu_memory_bytes() {
  const auto& info = mx::device_info(mx::default_device());
  const auto found = info.find("total_memory"); // CUDA's
  return found != info.end() &&
                 std::holds_alternative<std::size_t>(found->second)
             ? std::get<std::size_t>(found->second)
             : 0;
}

auto on_device(const std::string& device) {
  return [&device](const RankPlace& place) { return place.device == device; };
}

} // namespace

std::uint64_t usable(std::uint64_t device_bytes) {
  constexpr double kUsable = 0.95;
  return static_cast<std::uint64_t>(
      kUsable * static_cast<double>(device_bytes));
}

std::vector<RankPlace> gather_places(
    const world::Group& group, const OwnTerms& own) {
  const auto gpu = gpu_memory_bytes();
  const auto host = host_name().substr(0, 200);
  const Json text{
      {"host", host},
      {"gpu", gpu > 0},
      {"room", usable(gpu > 0 ? gpu : host_memory_bytes())},
      {"free", free_memory_bytes()},
      {"limit", own.limit},
      {"share", own.share}};
  std::vector<RankPlace> places;
  for (const auto& json :
       world::gather_json(group, world::Purpose::hosts, text)) {
    RankPlace place;
    place.host = json.at("host");
    place.on_gpu = json.at("gpu");
    place.device = place.on_gpu
                       ? fmt::format("{} GPU {}", place.host, places.size())
                       : place.host;
    place.room = json.at("room");
    place.free = json.at("free");
    place.limit = json.at("limit");
    const double share = json.at("share");
    place.share = share > 0.0 ? share : 1.0;
    places.push_back(std::move(place));
  }
  return places;
}

int n_ranks_on(const std::vector<RankPlace>& places, const std::string& host) {
  return static_cast<int>(std::count_if(
      places.begin(), places.end(), [&host](const RankPlace& place) {
        return place.host == host;
      }));
}

std::vector<plan::RankRoom> rooms_of(const std::vector<RankPlace>& places) {
  std::vector<plan::RankRoom> rooms;
  for (const auto& place : places) {
    auto limit = place.limit;
    const auto sharing =
        std::count_if(places.begin(), places.end(), on_device(place.device));
    if (sharing == 1 && place.room > 0) {
      limit = limit > 0 ? std::min(limit, place.room) : place.room;
    }
    rooms.push_back(
        {fmt::format("rank {} on {}", rooms.size(), place.host), limit});
  }
  return rooms;
}

} // namespace lockstep::engine
