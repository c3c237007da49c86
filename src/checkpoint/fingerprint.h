#pragma once

#include <cstdint>

#include "checkpoint/contents.h"

namespace lockstep::checkpoint {

/// FNV-1a, 64 bits, over a text of the config and of each tensor's name,
/// shape, types and places, in order. No path and no time goes into it.
std::uint64_t fingerprint_of(const Contents& contents);

} // namespace lockstep::checkpoint
