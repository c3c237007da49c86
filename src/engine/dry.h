#pragma once

#include <span>
#include <vector>

#include "base/types.h"
#include "sched/sampling.h"

namespace lockstep::engine {

/// "Don't repeat yourself" (p-e-w, text-generation-webui, 2024): a token that
/// would continue a repetition of n tokens loses
/// multiplier · base^(n − allowed length), if n is at least the allowed length.
/// Keeps what it needs for the next call; one thread at a time.
class DryPenalty {
 public:
  static bool is_on(const sched::Sampling& sampling);

  /// Changes `logits` [vocab]. `window`: the tokens to look at, the last of
  /// them said last, each an id of the vocabulary.
  void apply(
      std::span<float> logits,
      const sched::Sampling& sampling,
      std::span<const Token> window);

 private:
  void measure_matches(std::span<const Token> window);

  std::vector<int> matches_; // see measure_matches
  std::vector<int>
      longest_; // repetition that a token continues; 0 between calls
};

} // namespace lockstep::engine
