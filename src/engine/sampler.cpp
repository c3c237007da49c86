#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "engine/random.h"

namespace lockstep::engine {

namespace {

using sched::Sampled;
using sched::Sampling;
using sched::TokenLogprob;

struct Candidate {
  Token token;
  double weight; // proportional to its probability
};

/// log Σ exp(logits), summed in double precision.
double log_sum_exp(std::span<const float> logits, float largest) {
  double sum = 0.0;
  for (const float logit : logits) {
    sum += std::exp(static_cast<double>(logit) - largest);
  }
  return std::log(sum) + largest;
}

/// The `n` likeliest tokens, best first, ties by the smaller id.
std::vector<Token> best_tokens(std::span<const float> logits, std::size_t n) {
  std::vector<Token> tokens(logits.size());
  std::iota(tokens.begin(), tokens.end(), 0);
  n = std::min(n, tokens.size());
  const auto middle = tokens.begin() + static_cast<std::ptrdiff_t>(n);
  std::partial_sort(
      tokens.begin(), middle, tokens.end(), [&](Token a, Token b) {
        const float x = logits[static_cast<std::size_t>(a)];
        const float y = logits[static_cast<std::size_t>(b)];
        return x != y ? x > y : a < b;
      });
  tokens.resize(n);
  return tokens;
}

/// Keeps the likeliest candidates that together reach `top_p`.
void keep_top_p(std::vector<Candidate>& candidates, double top_p) {
  double total = 0.0;
  for (const auto& c : candidates) {
    total += c.weight;
  }
  double sum = 0.0;
  std::size_t n = 0;
  while (n < candidates.size() && (n == 0 || sum < top_p * total)) {
    sum += candidates[n++].weight;
  }
  candidates.resize(n);
}

void keep_min_p(std::vector<Candidate>& candidates, double min_p) {
  const double least = min_p * candidates.front().weight;
  while (candidates.back().weight < least) {
    candidates.pop_back();
  }
}

Token draw(
    std::span<const float> logits,
    float largest,
    const Sampling& sampling,
    double random) {
  const auto n = sampling.top_k > 0 ? static_cast<std::size_t>(sampling.top_k)
                                    : logits.size();
  std::vector<Candidate> candidates;
  for (const auto token : best_tokens(logits, n)) {
    const double logit = logits[static_cast<std::size_t>(token)];
    candidates.push_back({token, std::exp(logit - largest)});
  }
  keep_top_p(candidates, sampling.top_p);
  keep_min_p(candidates, sampling.min_p);
  double total = 0.0;
  for (auto& c : candidates) {
    c.weight = std::pow(c.weight, 1.0 / sampling.temperature);
    total += c.weight;
  }
  double rest = random * total;
  for (const auto& c : candidates) {
    rest -= c.weight;
    if (rest < 0.0) {
      return c.token;
    }
  }
  return candidates.back().token;
}

std::size_t most_likely(std::span<const float> logits) {
  const auto best = std::max_element(logits.begin(), logits.end());
  if (!std::isfinite(*best)) {
    fail(
        ErrorKind::internal,
        "the model's output is not a number; its weights or its arithmetic "
        "are broken");
  }
  return static_cast<std::size_t>(best - logits.begin());
}

Sampled report(
    std::span<const float> logits, float largest, Token token, int n_top) {
  const double norm = log_sum_exp(logits, largest);
  const auto entry = [&](Token t) {
    return TokenLogprob{
        t, static_cast<float>(logits[static_cast<std::size_t>(t)] - norm)};
  };
  Sampled result{entry(token), {}};
  if (n_top > 0) {
    for (const auto t : best_tokens(logits, static_cast<std::size_t>(n_top))) {
      result.top.push_back(entry(t));
    }
    // A vocabulary may be smaller than what was asked for.
    result.top.resize(static_cast<std::size_t>(n_top));
  }
  return result;
}

} // namespace

Sampled sample_token(
    std::span<const float> logits,
    const Sampling& sampling,
    sched::RequestId request,
    int index,
    int n_top) {
  const auto best = most_likely(logits);
  auto token = static_cast<Token>(best);
  if (sampling.temperature > 0.0F) {
    const double random = random_uniform(
        sampling.seed,
        static_cast<std::uint64_t>(request),
        static_cast<std::uint64_t>(index));
    token = draw(logits, logits[best], sampling, random);
  }
  return report(logits, logits[best], token, n_top);
}

Sampled score_token(std::span<const float> logits, Token token, int n_top) {
  return report(logits, logits[most_likely(logits)], token, n_top);
}

} // namespace lockstep::engine
