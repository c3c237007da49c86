#include "plan/partition.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <string>

#include "base/error.h"

namespace lockstep::plan {

namespace {

/// Share of tokens that are answers', as far as their time goes.
constexpr double kAnswers = 0.75;

using checkpoint::LayerRange;

constexpr double kInfinite = std::numeric_limits<double>::infinity();

/// Cost of layers [first, last) on the rank that holds them.
class RangeCost {
 public:
  explicit RangeCost(const Costs& costs)
      : costs_(costs), sums_(costs.layers.size() + 1, 0.0) {
    std::partial_sum(
        costs.layers.begin(), costs.layers.end(), sums_.begin() + 1);
  }

  double operator()(std::size_t first, std::size_t last) const {
    return sums_[last] - sums_[first] + (first == 0 ? costs_.first : 0.0) +
           (last == costs_.layers.size() ? costs_.last : 0.0);
  }

 private:
  const Costs& costs_;
  std::vector<double> sums_; // of the layers before
};

/// What `measure` says of tensors, by layer, and of the head.
template <class Measure>
Costs sum_tensors(
    const checkpoint::Checkpoint& checkpoint,
    const checkpoint::ModelConfig& config,
    const Measure& measure) {
  Costs costs;
  costs.layers.assign(config.layers.size(), 0.0);
  const std::string prefix = "model.layers.";
  for (const auto& info : checkpoint.tensors()) {
    if (info.name.compare(0, prefix.size(), prefix) == 0) {
      const auto layer = static_cast<std::size_t>(
          std::atoi(info.name.c_str() + prefix.size()));
      if (layer < costs.layers.size()) {
        costs.layers[layer] += measure(info);
      }
    }
  }
  const auto* head = checkpoint.find(
      config.tied_embeddings ? "model.embed_tokens.weight" : "lm_head.weight");
  costs.last = head != nullptr ? measure(*head) : 0.0;
  return costs;
}

} // namespace

Costs stored_bytes(
    const checkpoint::Checkpoint& checkpoint,
    const checkpoint::ModelConfig& config) {
  return sum_tensors(checkpoint, config, [](const auto& info) {
    return static_cast<double>(info.stored_bytes());
  });
}

Costs token_costs(
    const checkpoint::Checkpoint& checkpoint,
    const checkpoint::ModelConfig& config) {
  auto costs = sum_tensors(checkpoint, config, [](const auto& info) {
    double n_weights = 1.0;
    for (const int size : info.shape) {
      n_weights *= size;
    }
    return n_weights;
  });
  costs.last *= kAnswers;
  return costs;
}

std::vector<LayerRange> split_layers(const Costs& costs, int n_ranks) {
  const auto n_layers = costs.layers.size();
  const auto n = static_cast<std::size_t>(n_ranks);
  if (n_ranks < 1 || n > n_layers) {
    fail(
        ErrorKind::usage,
        "{} ranks for a model of {} layers; every rank needs at least one, so "
        "give 1 to {} ranks",
        n_ranks,
        n_layers,
        n_layers);
  }
  const RangeCost cost(costs);
  // best[k][i]: the least slowest-rank cost of layers i … end on k ranks.
  std::vector<std::vector<double>> best(
      n + 1, std::vector<double>(n_layers + 1, kInfinite));
  auto cut = std::vector(n + 1, std::vector<std::size_t>(n_layers + 1, 0));
  best[0][n_layers] = 0.0;
  for (std::size_t k = 1; k <= n; ++k) {
    for (std::size_t i = 0; i + k <= n_layers; ++i) {
      for (std::size_t j = i + 1; j + (k - 1) <= n_layers; ++j) {
        const double slowest = std::max(cost(i, j), best[k - 1][j]);
        if (slowest <= best[k][i]) {
          best[k][i] = slowest;
          cut[k][i] = j;
        }
      }
    }
  }
  std::vector<LayerRange> ranges;
  std::size_t at = 0;
  for (std::size_t k = n; k > 0; --k) {
    const auto end = cut[k][at];
    ranges.push_back({static_cast<int>(at), static_cast<int>(end)});
    at = end;
  }
  return ranges;
}

} // namespace lockstep::plan
