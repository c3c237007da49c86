#include "engine/logit_edits.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

namespace lockstep::engine {

namespace {

using sched::Sampling;

bool penalizes(const Sampling& sampling) {
  return sampling.repeat_last_n != 0 && (sampling.repeat_penalty != 1.0F ||
                                         sampling.frequency_penalty != 0.0F ||
                                         sampling.presence_penalty != 0.0F);
}

bool holds_back_stops(const Sampling& sampling, int index) {
  return index < sampling.min_tokens && !sampling.stop_tokens.empty();
}

std::span<const Token> last(std::span<const Token> tokens, int n) {
  const auto size = static_cast<std::size_t>(n);
  return n < 0 || size > tokens.size() ? tokens : tokens.last(size);
}

} // namespace

bool LogitEdits::any(const Sampling& sampling, int index) {
  return !sampling.logit_bias.empty() || holds_back_stops(sampling, index) ||
         penalizes(sampling) || DryPenalty::is_on(sampling);
}

std::span<const float> LogitEdits::apply(
    std::span<const float> logits,
    const Sampling& sampling,
    std::span<const Token> before,
    int index) {
  logits_.assign(logits.begin(), logits.end());
  for (const auto& entry : sampling.logit_bias) {
    logits_[static_cast<std::size_t>(entry.token)] += entry.bias;
  }
  if (holds_back_stops(sampling, index)) {
    for (const auto token : sampling.stop_tokens) {
      logits_[static_cast<std::size_t>(token)] =
          -std::numeric_limits<float>::infinity();
    }
  }
  if (penalizes(sampling)) {
    penalize(sampling, last(before, sampling.repeat_last_n));
  }
  if (DryPenalty::is_on(sampling)) {
    dry_.apply(logits_, sampling, last(before, sampling.dry_last_n));
  }
  return logits_;
}

/// Once for each token of the window, however often it stands there.
void LogitEdits::penalize(
    const Sampling& sampling, std::span<const Token> window) {
  counts_.resize(logits_.size(), 0);
  for (const auto token : window) {
    ++counts_[static_cast<std::size_t>(token)];
  }
  for (const auto token : window) {
    const int count =
        std::exchange(counts_[static_cast<std::size_t>(token)], 0);
    if (count == 0) {
      continue;
    }
    auto& logit = logits_[static_cast<std::size_t>(token)];
    // Less likely in either case.
    logit = logit > 0.0F ? logit / sampling.repeat_penalty
                         : logit * sampling.repeat_penalty;
    logit -= static_cast<float>(count) * sampling.frequency_penalty +
             sampling.presence_penalty;
  }
}

} // namespace lockstep::engine
