#pragma once

#include <cstdint>

#include "world/group.h"

namespace lockstep::engine {

/// What one rank needs.
struct MemoryNeeds {
  std::uint64_t weights = 0;
  /// The program itself, and what a tick puts between its steps.
  std::uint64_t work = 0;
  std::uint64_t reading = 0; // on top while weights are read; no cache then
  std::uint64_t page = 0;    // one page of keys and values, in all its layers
  int page_places = 1;       // what that holds
  std::uint64_t most = 0;    // that it may take; 0 = what its device has
};

/// What one rank will take at most, computed before any of it is allocated.
struct MemoryPlan {
  std::int64_t places = 0; // of the cache, the same on all ranks
  std::uint64_t total = 0; // bytes
};

/// Collective (world/collectives' memory): finds how many places the cache can have, at most `wanted`, so
/// that no rank takes more than it may and those of one host not more than the
/// host has. Throws Error{memory}, on all ranks alike, when one cannot hold
/// even its weights and one page.
MemoryPlan plan_memory(
    const world::Group& group, const MemoryNeeds& needs, std::int64_t wanted);

} // namespace lockstep::engine
