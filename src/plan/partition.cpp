#include "plan/partition.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <string>

#include "base/error.h"

namespace lockstep::plan {

namespace {

using checkpoint::LayerRange;

constexpr double kInfinite = std::numeric_limits<double>::infinity();
/// Sums of what was measured differ in their last bits; such are equal.
constexpr double kSame = 1.0 + 1e-12;

LayerRange range_of(std::size_t first, std::size_t last) {
  return {static_cast<int>(first), static_cast<int>(last)};
}

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

struct Split {
  std::vector<LayerRange> ranges;
  double value = kInfinite;
};

/// The split for which `combine`, of a rank's own cost and what it made of the
/// ranks behind, is least, where no rank costs more than `most`; by dynamic
/// programming from the last rank on.
template <class Combine>
std::optional<Split> best_split(
    const std::vector<Costs>& costs,
    const Fits& fits,
    double most,
    const Combine& combine) {
  const auto n = costs.size();
  const auto n_layers = costs.front().layers.size();
  // best[k][i]: of layers i … end on the last k ranks.
  std::vector<std::vector<double>> best(
      n + 1, std::vector<double>(n_layers + 1, kInfinite));
  auto cut = std::vector(n + 1, std::vector<std::size_t>(n_layers + 1, 0));
  best[0][n_layers] = 0.0;
  for (std::size_t k = 1; k <= n; ++k) {
    const auto rank = n - k;
    const RangeCost cost(costs[rank]);
    for (std::size_t i = 0; i + k <= n_layers; ++i) {
      for (std::size_t j = i + 1; j + (k - 1) <= n_layers; ++j) {
        const double own = cost(i, j);
        const double value = combine(own, best[k - 1][j]);
        if (own <= most && value <= best[k][i] * kSame && value < kInfinite &&
            fits(static_cast<int>(rank), range_of(i, j))) {
          best[k][i] = std::min(best[k][i], value);
          cut[k][i] = j;
        }
      }
    }
  }
  if (best[n][0] == kInfinite) {
    return std::nullopt;
  }
  Split split{{}, best[n][0]};
  std::size_t at = 0;
  for (std::size_t k = n; k > 0; --k) {
    const auto end = cut[k][at];
    split.ranges.push_back(range_of(at, end));
    at = end;
  }
  return split;
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

std::optional<std::vector<LayerRange>> split_layers(
    const std::vector<Costs>& costs, const Fits& fits) {
  const auto n = costs.size();
  const auto n_layers = n == 0 ? 0 : costs.front().layers.size();
  if (n < 1 || n > n_layers) {
    fail(
        ErrorKind::usage,
        "{} ranks for a model of {} layers; every rank needs at least one, so "
        "give 1 to {} ranks",
        n,
        n_layers,
        n_layers);
  }
  const auto fastest =
      best_split(costs, fits, kInfinite, [](double own, double others) {
        return std::max(own, others);
      });
  if (!fastest) {
    return std::nullopt;
  }
  return best_split(
             costs,
             fits,
             fastest->value * kSame,
             [](double own, double others) { return own * own + others; })
      ->ranges;
}

std::vector<LayerRange> split_layers(const Costs& costs, int n_ranks) {
  const std::vector<Costs> all(
      static_cast<std::size_t>(std::max(0, n_ranks)), costs);
  return *split_layers(all, [](int, const LayerRange&) { return true; });
}

Costs at_speed(Costs costs, double speed) {
  for (auto& layer : costs.layers) {
    layer /= speed;
  }
  costs.first /= speed;
  costs.last /= speed;
  return costs;
}

double cost_of(const Costs& costs, const LayerRange& layers) {
  return RangeCost(costs)(
      static_cast<std::size_t>(layers.first),
      static_cast<std::size_t>(layers.last));
}

double slowest_of(
    const std::vector<Costs>& costs, const std::vector<LayerRange>& layers) {
  double slowest = 0.0;
  for (std::size_t rank = 0; rank < layers.size(); ++rank) {
    slowest = std::max(slowest, cost_of(costs[rank], layers[rank]));
  }
  return slowest;
}

std::vector<double> shares_of(
    const Costs& costs, const std::vector<LayerRange>& layers) {
  constexpr double kDigits = 1e4;
  const double most =
      slowest_of(std::vector<Costs>(layers.size(), costs), layers);
  std::vector<double> shares;
  shares.reserve(layers.size());
  for (const auto& range : layers) {
    shares.push_back(
        std::round(cost_of(costs, range) / most * kDigits) / kDigits);
  }
  return shares;
}

} // namespace lockstep::plan
