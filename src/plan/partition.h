#pragma once

#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/config.h"

namespace lockstep::plan {

/// What each part of a model costs in one tick, in any one unit.
struct Costs {
  std::vector<double> layers;
  double first = 0.0; // on top, on the first rank
  double last = 0.0;  // on top, on the last rank: the head
};

/// Bytes of weights that one token has to read: all of each layer and of the
/// head, next to nothing of the embedding.
Costs decode_costs(
    const checkpoint::Checkpoint& checkpoint,
    const checkpoint::ModelConfig& config);

/// Splits the layers into `n_ranks` consecutive ranges of at least one layer so
/// that the slowest rank is as fast as can be. Exact; among equals the split
/// that gives earlier ranks more layers. Throws Error{usage} when there are
/// more ranks than layers.
std::vector<checkpoint::LayerRange> split_layers(
    const Costs& costs, int n_ranks);

} // namespace lockstep::plan
