#pragma once

#include <span>
#include <vector>

#include "base/types.h"
#include "engine/dry.h"
#include "sched/sampling.h"

namespace lockstep::engine {

/// What is done to logits before any token is taken out: bias, stop tokens that
/// may not come yet, penalties, DRY; in this order. One thread at a time.
class LogitEdits {
 public:
  /// Whether anything is to be done at place `index` of an answer.
  static bool any(const sched::Sampling& sampling, int index);

  /// A changed copy of `logits` [vocab], valid until the next call; what may
  /// not be chosen is -infinity. `before`: prompt and answer so far, ids of the
  /// vocabulary.
  std::span<const float> apply(
      std::span<const float> logits,
      const sched::Sampling& sampling,
      std::span<const Token> before,
      int index);

 private:
  void penalize(const sched::Sampling& sampling, std::span<const Token> window);

  std::vector<float> logits_;
  std::vector<int> counts_; // by token; 0 between calls
  DryPenalty dry_;
};

} // namespace lockstep::engine
