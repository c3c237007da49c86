#pragma once

#include <span>
#include <vector>

#include "base/types.h"
#include "engine/candidates.h"
#include "engine/logit_edits.h"
#include "kernels/table.h"
#include "sched/request.h"

namespace lockstep::engine {

/// Chooses tokens on the last rank. What it says of one place depends on its
/// arguments alone: it only keeps memory from one call to the next. One thread
/// at a time.
class Sampler {
 public:
  /// Chooses one token from `logits` [vocab]. `before`: prompt and answer so
  /// far; `index`: place of the token in its answer, whose random numbers are
  /// those of (sampling.seed, sampling.choice, index). Ties go to the smaller
  /// id. The reported log-probabilities are those of the distribution before
  /// any step. Throws Error{internal} when the logits are not numbers.
  sched::Sampled sample(
      std::span<const float> logits,
      const sched::Sampling& sampling,
      std::span<const Token> before,
      int index,
      int n_top);

  /// Reports on a given token instead of choosing one.
  sched::Sampled score(
      std::span<const float> logits,
      const sched::Sampling& sampling,
      Token token,
      int n_top);

 private:
  double log_norm(std::span<const float> logits) const;
  Token choose(
      std::span<const float> logits,
      const sched::Sampling& sampling,
      int index);
  Token draw_of_all(
      std::span<const float> logits,
      float largest,
      float temperature,
      double random);
  double collect(
      std::span<const float> logits,
      const sched::Sampling& sampling,
      float largest);
  sched::Sampled report(
      std::span<const float> logits,
      const sched::Sampling& sampling,
      double norm,
      Token token,
      int n_top);

  const kernels::Table* table_ = &kernels::best_table();
  LogitEdits edits_;
  Candidates candidates_;
  // Of draw_of_all.
  std::vector<float> scaled_;
  std::vector<double> sums_;
};

} // namespace lockstep::engine
