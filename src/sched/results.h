#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sched/batch.h"
#include "sched/request.h"

namespace lockstep::sched {

/// The last rank's report on a batch, one Sampled per wanted place in order of
/// rows and places, as int32 words; exactly n_result_words(batch) of them.
std::vector<std::int32_t> encode_results(
    const Batch& batch, std::span<const Sampled> results);

/// The way back. Throws Error{diverged} when the number of words is not
/// n_result_words(batch).
std::vector<Sampled> decode_results(
    const Batch& batch, std::span<const std::int32_t> words);

} // namespace lockstep::sched
