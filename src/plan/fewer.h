#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plan/layout.h"
#include "plan/predict.h"

namespace lockstep::plan {

/// One rank of a world that is to do with fewer.
struct RankSeat {
  std::string host;
  /// It takes its part of the host's cores, so more of them beside fewer ranks.
  bool shares_cores = false;
};

/// Some ranks of a world, and how fast they would be without the others.
struct Fewer {
  std::vector<int> ranks; // ascending
  Prediction predicted;
};

/// The number of ranks, less than there are, with which answers would be
/// written fastest; nothing when that is not clearly faster than `now`, or
/// needs more memory than there is. Ranks that have a host for themselves then
/// compute as fast as while the others waited. All by rank but `now`.
std::optional<Fewer> faster_with_fewer(
    const WorldTimes& times,
    const Prediction& now,
    const std::vector<RankSeat>& seats,
    const MemoryModel& memory,
    const std::vector<RankRoom>& rooms,
    std::uint64_t n_pages);

} // namespace lockstep::plan
