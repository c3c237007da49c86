#pragma once

#include <array>
#include <cstdint>

namespace lockstep::engine {

/// The random number that belongs to one token: uniform in [0, 1), a function
/// of its arguments alone, so that a stream can be resumed anywhere and does
/// not depend on what else runs. Philox4x32-10: Salmon et al., "Parallel Random
/// Numbers: As Easy as 1, 2, 3" (2011).
double random_uniform(
    std::uint64_t seed, std::uint64_t request, std::uint64_t index);

/// The generator itself: ten rounds over a counter with a key.
std::array<std::uint32_t, 4> philox(
    std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

} // namespace lockstep::engine
