#pragma once

#include <cstdint>

#include "sched/request.h"

namespace lockstep::testing {

inline constexpr int kSoakVocab = 101;
inline constexpr int kSoakContext = 256;

/// The request that has this id in every run of this seed, whoever else is
/// there: any length, prompts that begin like others' or go on after them, any
/// way to choose a token, sometimes scored instead of answered.
sched::Request request_of(std::uint32_t seed, sched::RequestId id);

/// A request that takes the whole cache of one sequence and begins like no
/// request_of(): after it none of what others left in slots is there.
sched::Request sweeping_request();

} // namespace lockstep::testing
