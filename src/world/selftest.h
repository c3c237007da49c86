#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "world/exchange.h"
#include "world/group.h"

namespace lockstep::world {

/// One thing that was tried; equal on all ranks, because they agree on it.
struct CheckResult {
  std::string name;
  bool passed = false;
};

/// What one size of a collective takes, on the slowest rank.
struct CollectiveTiming {
  std::string operation;
  std::size_t bytes = 0;     // given by each rank
  double microseconds = 0.0; // median
};

/// Tries every collective that lockstep uses, in every type it uses, on values
/// whose results are exact. Collective. Throws Error{peer_lost}.
std::vector<CheckResult> check_collectives(const Group& group);

/// Latency and bandwidth by size. Collective.
std::vector<CollectiveTiming> time_collectives(const Group& group);

/// `n_ticks` exchanges whose sizes change from tick to tick, each packet
/// checked word by word. `on_tick` is told how many are done. Collective.
CheckResult check_ticks(
    const Group& group,
    Exchange& exchange,
    const std::string& name,
    int n_ticks,
    const std::function<void(int)>& on_tick);

} // namespace lockstep::world
