#include "engine/dry.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace lockstep::engine {

namespace {

/// More changes nothing: no logit comes near it.
constexpr double kMostPenalty = 1e6;

/// The token that was said i tokens before the last.
Token back(std::span<const Token> window, int i) {
  return window[window.size() - 1 - static_cast<std::size_t>(i)];
}

/// How many tokens were said since the last breaker.
int n_since_breaker(
    std::span<const Token> window, const std::vector<Token>& breakers) {
  const auto n = static_cast<int>(window.size());
  for (int i = 0; i < n; ++i) {
    if (std::binary_search(breakers.begin(), breakers.end(), back(window, i))) {
      return i;
    }
  }
  return n;
}

} // namespace

bool DryPenalty::is_on(const sched::Sampling& sampling) {
  return sampling.dry_multiplier > 0.0F && sampling.dry_last_n != 0;
}

/// matches_[k]: the number of tokens, counted backwards, that are the same
/// before the place k tokens back and at the end. Gusfield's Z algorithm ("A
/// Simple and Fast Linear Time Algorithm", Algorithms on Strings, 1997) over
/// the reversed window: [low, high) is the match that reaches furthest.
void DryPenalty::measure_matches(std::span<const Token> window) {
  const auto n = static_cast<int>(window.size());
  matches_.assign(window.size(), 0);
  int low = 0;
  int high = 0;
  for (int k = 1; k < n; ++k) {
    auto& match = matches_[static_cast<std::size_t>(k)];
    if (k < high) {
      match = std::min(high - k, matches_[static_cast<std::size_t>(k - low)]);
    }
    while (k + match < n && back(window, k + match) == back(window, match)) {
      ++match;
    }
    if (k + match > high) {
      low = k;
      high = k + match;
    }
  }
}

void DryPenalty::apply(
    std::span<float> logits,
    const sched::Sampling& sampling,
    std::span<const Token> window) {
  const int allowed = sampling.dry_allowed_length;
  const int most = n_since_breaker(window, sampling.dry_breakers);
  if (most < allowed) {
    return;
  }
  measure_matches(window);
  longest_.resize(logits.size(), 0);
  const auto n = static_cast<int>(window.size());
  const auto of = [&](int k) -> int& { // of the token that followed place k
    return longest_[static_cast<std::size_t>(back(window, k - 1))];
  };
  for (int k = 1; k < n; ++k) {
    const int length = std::min(most, matches_[static_cast<std::size_t>(k)]);
    if (length >= allowed) {
      of(k) = std::max(of(k), length);
    }
  }
  const auto& breakers = sampling.dry_breakers;
  for (int k = 1; k < n; ++k) {
    const int length = std::exchange(of(k), 0);
    const Token token = back(window, k - 1);
    if (length > 0 &&
        !std::binary_search(breakers.begin(), breakers.end(), token)) {
      const double penalty =
          sampling.dry_multiplier *
          std::pow(static_cast<double>(sampling.dry_base), length - allowed);
      logits[static_cast<std::size_t>(token)] -=
          static_cast<float>(std::min(penalty, kMostPenalty));
    }
  }
}

} // namespace lockstep::engine
