#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "engine/random.h"
#include "kernels/table.h"

namespace lockstep::engine {

namespace {

using sched::Sampled;
using sched::Sampling;
using sched::TokenLogprob;

struct Candidate {
  Token token;
  double weight; // proportional to its probability
};

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

/// What every choice begins with.
struct Summary {
  std::size_t best = 0; // the first of the likeliest tokens
  double norm = 0.0;    // log Σ exp(logits)
};

Summary summarize(std::span<const float> logits) {
  const auto& table = kernels::best_table();
  const int n = static_cast<int>(logits.size());
  const float largest = table.largest(logits.data(), n);
  const double norm = table.log_sum_exp(logits.data(), n, largest);
  if (!std::isfinite(norm)) {
    fail(
        ErrorKind::internal,
        "the model's output is not a number; its weights or its arithmetic "
        "are broken");
  }
  const auto best = std::find(logits.begin(), logits.end(), largest);
  return {static_cast<std::size_t>(best - logits.begin()), norm};
}

Sampled report(
    std::span<const float> logits, double norm, Token token, int n_top) {
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
    int index,
    int n_top) {
  const auto summary = summarize(logits);
  auto token = static_cast<Token>(summary.best);
  if (sampling.temperature > 0.0F) {
    const double random =
        random_uniform(sampling.seed, sampling.choice, index, 0);
    token = draw(logits, logits[summary.best], sampling, random);
  }
  return report(logits, summary.norm, token, n_top);
}

Sampled score_token(std::span<const float> logits, Token token, int n_top) {
  return report(logits, summarize(logits).norm, token, n_top);
}

} // namespace lockstep::engine
