#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "base/error.h"
#include "engine/random.h"

namespace lockstep::engine {

namespace {

using sched::Sampled;
using sched::Sampling;
using sched::TokenLogprob;

// Which of a token's random numbers is for what.
constexpr int kDrawToken = 0;
constexpr int kDrawXtc = 1;

/// Those of ids that may be chosen.
std::span<const float> of_vocab(
    std::span<const float> logits, const Sampling& sampling) {
  return sampling.vocab > 0
             ? logits.first(static_cast<std::size_t>(sampling.vocab))
             : logits;
}

/// No step takes tokens out.
bool keeps_all(const Sampling& sampling, std::size_t n_ids) {
  const auto top_k = static_cast<std::size_t>(sampling.top_k);
  return (top_k == 0 || top_k >= n_ids) && sampling.typical_p == 1.0F &&
         sampling.top_p == 1.0F && sampling.min_p == 0.0F &&
         sampling.xtc_probability == 0.0F;
}

float largest_of(const kernels::Table& table, std::span<const float> logits) {
  return table.largest(logits.data(), static_cast<int>(logits.size()));
}

} // namespace

/// log Σ exp(logits)
double Sampler::log_norm(std::span<const float> logits) const {
  const double norm = table_->log_sum_exp(
      logits.data(),
      static_cast<int>(logits.size()),
      largest_of(*table_, logits));
  if (!std::isfinite(norm)) {
    fail(
        ErrorKind::internal,
        "the model's output is not a number; its weights or its arithmetic "
        "are broken");
  }
  return norm;
}

Sampled Sampler::sample(
    std::span<const float> logits,
    const Sampling& sampling,
    std::span<const Token> before,
    int index,
    int n_top) {
  const double norm = log_norm(logits);
  const auto edited = LogitEdits::any(sampling, index)
                          ? edits_.apply(logits, sampling, before, index)
                          : logits;
  const auto token = choose(of_vocab(edited, sampling), sampling, index);
  return report(logits, sampling, norm, token, n_top);
}

Sampled Sampler::score(
    std::span<const float> logits,
    const Sampling& sampling,
    Token token,
    int n_top) {
  return report(logits, sampling, log_norm(logits), token, n_top);
}

Token Sampler::choose(
    std::span<const float> logits, const Sampling& sampling, int index) {
  const float largest = largest_of(*table_, logits);
  if (!std::isfinite(largest)) {
    fail(ErrorKind::internal, "no token is left to choose from");
  }
  if (sampling.temperature == 0.0F) {
    const auto best = std::find(logits.begin(), logits.end(), largest);
    return static_cast<Token>(best - logits.begin());
  }
  const auto random = [&](int draw) {
    return random_uniform(sampling.seed, sampling.choice, index, draw);
  };
  if (keeps_all(sampling, logits.size())) {
    return draw_of_all(
        logits, largest, sampling.temperature, random(kDrawToken));
  }
  double total = collect(logits, sampling, largest);
  if (sampling.typical_p < 1.0F) {
    keep_typical(candidates_, sampling.typical_p, total);
  }
  if (sampling.top_p < 1.0F) {
    keep_top_p(candidates_, sampling.top_p, total);
  }
  if (sampling.min_p > 0.0F) {
    keep_min_p(candidates_, sampling.min_p);
  }
  if (sampling.xtc_probability > 0.0F &&
      random(kDrawXtc) < sampling.xtc_probability) {
    drop_top_choices(candidates_, sampling.xtc_threshold);
  }
  return draw(candidates_, sampling.temperature, random(kDrawToken));
}

/// The same as draw() of all tokens, but it looks for the token in one block of
/// them alone, by the blocks' sums.
Token Sampler::draw_of_all(
    std::span<const float> logits,
    float largest,
    float temperature,
    double random) {
  constexpr std::size_t kBlock = 1024;
  scaled_.resize(logits.size());
  std::transform(
      logits.begin(), logits.end(), scaled_.begin(), [&](float logit) {
        return (logit - largest) / temperature;
      });
  sums_.clear();
  double total = 0.0;
  for (std::size_t i = 0; i < scaled_.size(); i += kBlock) {
    const auto n = static_cast<int>(std::min(kBlock, scaled_.size() - i));
    sums_.push_back(std::exp(table_->log_sum_exp(&scaled_[i], n, 0.0F)));
    total += sums_.back();
  }
  double rest = random * total;
  std::size_t block = 0;
  while (block + 1 < sums_.size() && rest >= sums_[block]) {
    rest -= sums_[block++];
  }
  // Should rounding leave a rest, the last that can be chosen is.
  auto token = static_cast<std::size_t>(
      std::find(logits.begin(), logits.end(), largest) - logits.begin());
  const auto end = std::min(scaled_.size(), (block + 1) * kBlock);
  for (std::size_t i = block * kBlock; i < end && rest >= 0.0; ++i) {
    const double weight = std::exp(static_cast<double>(scaled_[i]));
    if (weight > 0.0) {
      token = i;
      rest -= weight;
    }
  }
  return static_cast<Token>(token);
}

/// Fills candidates_ with what top-k leaves, but as far as possible without
/// those that the next steps take away in any case. Returns the weight of all
/// that top-k leaves, where a step asks for that.
double Sampler::collect(
    std::span<const float> logits, const Sampling& sampling, float largest) {
  constexpr float kAll = -std::numeric_limits<float>::infinity();
  const auto top_k = static_cast<std::size_t>(sampling.top_k);
  if (top_k > 0 && top_k < logits.size()) {
    take_best(logits, top_k, candidates_);
    return weigh(candidates_, largest);
  }
  if (sampling.typical_p < 1.0F) {
    take_from(logits, kAll, candidates_);
    return weigh(candidates_, largest);
  }
  double total = 0.0;
  if (sampling.top_p < 1.0F) {
    const auto n = static_cast<int>(logits.size());
    total = std::exp(table_->log_sum_exp(logits.data(), n, largest) - largest);
  }
  if (sampling.min_p > 0.0F) {
    // A little less than min-p, which decides by weights, would take.
    take_from(logits, largest + std::log(sampling.min_p) - 0.01F, candidates_);
    std::sort(candidates_.begin(), candidates_.end(), comes_first);
    weigh(candidates_, largest);
  } else if (sampling.top_p < 1.0F) {
    std::size_t n = 256;
    do {
      take_best(logits, n, candidates_);
      n *= 8;
    } while (weigh(candidates_, largest) < sampling.top_p * total &&
             candidates_.size() == n / 8);
  } else {
    take_from(logits, kAll, candidates_);
    weigh(candidates_, largest);
  }
  return total;
}

Sampled Sampler::report(
    std::span<const float> logits,
    const Sampling& sampling,
    double norm,
    Token token,
    int n_top) {
  const auto entry = [&](Token t) {
    return TokenLogprob{
        t, static_cast<float>(logits[static_cast<std::size_t>(t)] - norm)};
  };
  Sampled result{entry(token), {}};
  if (n_top > 0) {
    take_best(
        of_vocab(logits, sampling),
        static_cast<std::size_t>(n_top),
        candidates_);
    for (const auto& candidate : candidates_) {
      result.top.push_back(entry(candidate.token));
    }
    // A vocabulary may be smaller than what was asked for.
    result.top.resize(static_cast<std::size_t>(n_top));
  }
  return result;
}

} // namespace lockstep::engine
