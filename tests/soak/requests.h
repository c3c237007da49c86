#pragma once

#include "sched/request.h"

namespace lockstep::testing {

inline constexpr int kSoakVocab = 101;
inline constexpr int kSoakContext = 256;

/// The request that has this id in every run of this seed, whoever else is
/// there: any length, prompts that begin like others', any way to choose a
/// token, sometimes scored instead of answered.
sched::Request request_of(std::uint32_t seed, sched::RequestId id);

} // namespace lockstep::testing
