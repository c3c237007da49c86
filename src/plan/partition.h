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

/// Bytes of the layers' and the head's weights as they are stored.
Costs stored_bytes(
    const checkpoint::Checkpoint& checkpoint,
    const checkpoint::ModelConfig& config);

/// Multiplications of one token: with every weight of the layers, and for three
/// of four tokens with those of the head, as tokens of prompts need none. It is
/// these that ranks must share evenly: with many tokens at a time they take the
/// time, and with one the ranks work one after the other however it is shared.
Costs token_costs(
    const checkpoint::Checkpoint& checkpoint,
    const checkpoint::ModelConfig& config);

/// Splits the layers into `n_ranks` consecutive ranges of at least one layer so
/// that the slowest rank is as fast as can be. Exact; among equals the split
/// that gives earlier ranks more layers. Throws Error{usage} when there are
/// more ranks than layers.
std::vector<checkpoint::LayerRange> split_layers(
    const Costs& costs, int n_ranks);

} // namespace lockstep::plan
