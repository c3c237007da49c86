#pragma once

#include <cstdint>
#include <span>

namespace lockstep::world {

/// A checksum of hidden states' bits that costs little beside moving them. It
/// tells a garbled or stale buffer from a right one; not a defence against an
/// attacker.
std::int32_t checksum_of_bits(std::span<const std::int32_t> words);

} // namespace lockstep::world
