#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/compute.h"
#include "world/exchange_kind.h"

namespace lockstep::engine {

struct SessionOptions {
  world::ExchangeKind exchange = world::ExchangeKind::automatic;
  ComputeOptions compute;
  int context = 0; // most tokens of one sequence; 0 = all that the model allows
  int n_slots = 1; // sequences at a time
  bool scores = false;          // whole chunks of prompts are scored
  std::uint64_t max_memory = 0; // bytes of this rank; 0 = what there is
  double share = 0.0;     // of this rank of the work; 0 = not said, which is 1
  std::vector<int> split; // layers of each rank; empty = by shares and memory
  /// Most prompt tokens of one tick; 0 = few where several ranks are to be busy
  /// at once, many for one alone.
  int chunk = 0;
  /// Told the share of this rank's weights that has been read, 0 … 1.
  std::function<void(double)> on_load;
};

} // namespace lockstep::engine
