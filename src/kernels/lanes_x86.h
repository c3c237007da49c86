#pragma once

#include <cstdint>

namespace lockstep::kernels {

namespace {

/// Four inputs as two pairs of words, in the order in which masks and shifts
/// of 16 bits take codes out of four bytes: 0 and 2, then 1 and 3.
inline void encode_pairs(const std::int32_t* x, std::int32_t* quad, int rows) {
  const auto pair = [x](int low, int high) {
    return static_cast<std::int32_t>(
        (static_cast<std::uint32_t>(x[low]) & 0xffffU) |
        (static_cast<std::uint32_t>(x[high]) << 16));
  };
  quad[0] = pair(0, 2);
  quad[rows] = pair(1, 3);
}

} // namespace

} // namespace lockstep::kernels
