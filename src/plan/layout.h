#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/config.h"
#include "plan/partition.h"
#include "plan/stage_needs.h"

namespace lockstep::plan {

/// What one rank may take.
struct RankRoom {
  std::string name;        // "rank 1 on host-b"
  std::uint64_t limit = 0; // bytes; 0 = any
};

/// Which rank holds which layers.
struct Layout {
  std::vector<checkpoint::LayerRange> layers; // by rank
  std::uint64_t n_pages = 0; // of keys and values that each rank has room for
};

/// The split whose slowest rank is as fast as can be, of those that leave all
/// ranks room for `wanted` pages of keys and values, at least 1; where there is
/// none, for as many as any split does; nothing where no split leaves room for
/// one. `costs` as split_layers() has them; `rooms` are of the same ranks.
/// Throws Error{usage} when there are more ranks than layers.
std::optional<Layout> find_layout(
    const std::vector<Costs>& costs,
    const MemoryModel& memory,
    const std::vector<RankRoom>& rooms,
    std::uint64_t wanted);

/// The same. Throws Error{memory} instead of giving nothing, naming the rank
/// that would take most beyond its limit in the split that comes nearest.
Layout choose_layout(
    const std::vector<Costs>& costs,
    const MemoryModel& memory,
    const std::vector<RankRoom>& rooms,
    std::uint64_t wanted);

/// "80 MB for weights, 40 MB for its work and 9 MB for keys and values": what
/// the least is made of.
std::string needs_text(const StageNeeds& needs);

} // namespace lockstep::plan
