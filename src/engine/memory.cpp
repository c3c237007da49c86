#include "engine/memory.h"

#include <algorithm>
#include <cstddef>

#include "base/error.h"
#include "base/json.h"
#include "base/units.h"
#include "model/kv_cache.h"
#include "world/gather_json.h"

namespace lockstep::engine {

namespace {

std::vector<plan::StageNeeds> gather_needs(
    const world::Group& group, const plan::StageNeeds& needs) {
  const Json own{
      {"work", needs.work},
      {"weights", needs.weights},
      {"reading", needs.reading},
      {"page", needs.page}};
  std::vector<plan::StageNeeds> all;
  for (const auto& json :
       world::gather_json(group, world::Purpose::memory, own)) {
    auto& rank = all.emplace_back();
    rank.work = json.at("work");
    rank.weights = json.at("weights");
    rank.reading = json.at("reading");
    rank.page = json.at("page");
  }
  return all;
}

/// Pages that fit under a rank's own limit.
std::uint64_t pages_under_limit(
    const RankPlace& place, const plan::StageNeeds& needs, std::size_t rank) {
  if (needs.least() > place.limit) {
    fail(
        ErrorKind::memory,
        "rank {} on {} may take {}, and with its layers it needs at least {}: "
        "{}; raise its limit, give it fewer layers, or take more ranks",
        rank,
        place.host,
        format_bytes(place.limit),
        format_bytes(needs.least()),
        plan::needs_text(needs));
  }
  return (place.limit - needs.fixed()) / needs.page;
}

/// Pages that each rank of a device can have beside the others' weights.
std::uint64_t pages_of_device(
    const std::vector<RankPlace>& places,
    const std::vector<plan::StageNeeds>& all,
    const RankPlace& own) {
  std::uint64_t fixed = 0;
  std::uint64_t page = 0;
  std::uint64_t least = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (places[i].device == own.device) {
      fixed += all[i].fixed();
      page += all[i].page;
      least += all[i].least();
    }
  }
  if (least > own.room) {
    fail(
        ErrorKind::memory,
        "the ranks on {} need {}, of which {} for weights and their work, and "
        "{} has {}; expected a smaller model, or more ranks on more {}",
        own.device,
        format_bytes(least),
        format_bytes(fixed),
        own.on_gpu ? "its GPU" : "this machine",
        format_bytes(own.room),
        own.on_gpu ? "GPUs" : "machines");
  }
  return (own.room - fixed) / page;
}

} // namespace

std::int64_t places_for(
    const std::vector<RankPlace>& places,
    const std::vector<plan::StageNeeds>& needs,
    std::int64_t wanted) {
  constexpr std::uint64_t kPlaces = model::kPagePlaces;
  auto n_pages = (static_cast<std::uint64_t>(wanted) + kPlaces - 1) / kPlaces;
  for (std::size_t i = 0; i < needs.size(); ++i) {
    if (places[i].room > 0) { // where the system says so
      n_pages = std::min(n_pages, pages_of_device(places, needs, places[i]));
    }
    if (places[i].limit > 0) {
      n_pages = std::min(n_pages, pages_under_limit(places[i], needs[i], i));
    }
  }
  return static_cast<std::int64_t>(n_pages * kPlaces);
}

MemoryPlan plan_memory(
    const world::Group& group,
    const std::vector<RankPlace>& places,
    const plan::StageNeeds& needs,
    std::int64_t wanted) {
  MemoryPlan plan;
  plan.places = places_for(places, gather_needs(group, needs), wanted);
  plan.total =
      needs.total(static_cast<std::uint64_t>(plan.places / model::kPagePlaces));
  return plan;
}

} // namespace lockstep::engine
