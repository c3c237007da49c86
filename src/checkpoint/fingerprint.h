#pragma once

#include <cstdint>
#include <vector>

#include "checkpoint/contents.h"

namespace lockstep::checkpoint {

/// FNV-1a, 64 bits, over a text of the config and of each tensor's name,
/// shape, types and places, in order, and over samples of its bytes, which tell
/// models apart that differ in nothing but what they have learnt. No path and
/// no time goes into it. Throws Error{config} when a file cannot be read.
std::uint64_t fingerprint_of(const Contents& contents);

/// The few bytes of a tensor that go into it. Who has only some layers of a
/// model needs those of the others all the same.
std::vector<ByteRange> sampled_ranges(const TensorInfo& info);

} // namespace lockstep::checkpoint
