#pragma once

#include <array>
#include <cstdint>

namespace lockstep::engine {

/// A random number for one token: uniform in [0, 1), a function of its
/// arguments alone, so that a stream can be resumed anywhere and does not depend
/// on what else runs. `choice`: which of several answers to one prompt; `index`:
/// place of the token in the answer; `draw`: which of the numbers that choosing
/// it takes. Philox4x32-10: Salmon et al., "Parallel Random Numbers: As Easy as
/// 1, 2, 3" (2011), with the counter (index, draw, choice, 0) and the seed as
/// key.
double random_uniform(std::uint64_t seed, int choice, int index, int draw);

/// The generator itself: ten rounds over a counter with a key.
std::array<std::uint32_t, 4> philox(
    std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

} // namespace lockstep::engine
