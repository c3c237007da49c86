#pragma once

#include <span>

#include "base/types.h"
#include "sched/request.h"

namespace lockstep::engine {

/// Chooses one token from `logits` [vocab]. Ties go to the smaller id. The
/// random number is that of (sampling.seed, sampling.choice, index). The reported
/// log-probabilities are those of the distribution before any of the sampling
/// steps. Throws Error{internal} when the logits are not numbers.
sched::Sampled sample_token(
    std::span<const float> logits,
    const sched::Sampling& sampling,
    int index,
    int n_top);

/// Reports on a given token instead of choosing one.
sched::Sampled score_token(
    std::span<const float> logits, Token token, int n_top);

} // namespace lockstep::engine
