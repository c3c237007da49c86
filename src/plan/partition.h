#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/config.h"

namespace lockstep::plan {

/// Share of tokens that are answers', as far as their time goes.
inline constexpr double kAnswers = 0.75;

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

/// Of whether a rank may hold these layers.
using Fits = std::function<bool(int rank, const checkpoint::LayerRange&)>;

/// Splits the layers into consecutive ranges of at least one layer, one for
/// each rank in order, so that the slowest rank is as fast as can be and each
/// range fits. `costs[i]` is what the parts of the model cost on rank i, all in
/// one unit. Exact; among equals the one whose ranks cost most alike (the least
/// sum of squares), then the one that gives earlier ranks more layers. Nothing
/// when no split fits. Throws Error{usage} when there are more ranks than
/// layers.
std::optional<std::vector<checkpoint::LayerRange>> split_layers(
    const std::vector<Costs>& costs, const Fits& fits);

/// The same on ranks that are equally fast and hold whatever they are given.
std::vector<checkpoint::LayerRange> split_layers(
    const Costs& costs, int n_ranks);

/// What `costs` are on a rank that has this speed, against one that has 1.
Costs at_speed(Costs costs, double speed);

/// What these layers cost on the rank that holds them.
double cost_of(const Costs& costs, const checkpoint::LayerRange& layers);

/// What the rank that has most to do costs.
double slowest_of(
    const std::vector<Costs>& costs,
    const std::vector<checkpoint::LayerRange>& layers);

/// Each rank's part of the work, the largest of them 1, as a hosts file's
/// "share" has it: ranks with these speeds are given these very layers, as no
/// other split lets all of them end together. Rounded to 4 digits.
std::vector<double> shares_of(
    const Costs& costs, const std::vector<checkpoint::LayerRange>& layers);

} // namespace lockstep::plan
