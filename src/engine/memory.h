#pragma once

#include <cstdint>
#include <vector>

#include "engine/places.h"
#include "plan/stage_needs.h"
#include "world/group.h"

namespace lockstep::engine {

/// What one rank will take at most, computed before any of it is allocated.
struct MemoryPlan {
  std::int64_t places = 0; // of the cache, the same on all ranks
  std::uint64_t total = 0; // bytes
};

/// How many places the caches of all ranks can have, at most `wanted`, so that
/// no rank takes more than it may and those of one device not more than it has.
/// `needs` are those of `places`' ranks. Throws Error{memory} when one cannot
/// hold even its weights and one page.
std::int64_t places_for(
    const std::vector<RankPlace>& places,
    const std::vector<plan::StageNeeds>& needs,
    std::int64_t wanted);

/// Collective (world/collectives' memory): places_for() what all ranks need, of
/// which `needs` is this rank's. Throws on all ranks alike.
MemoryPlan plan_memory(
    const world::Group& group,
    const std::vector<RankPlace>& places,
    const plan::StageNeeds& needs,
    std::int64_t wanted);

} // namespace lockstep::engine
