#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "checkpoint/checkpoint.h"

namespace lockstep::testing {

inline float half_to_float(std::uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const auto mantissa = static_cast<float>(half & 1023);
  float value = 0.0F;
  if (exponent == 31) {
    value = mantissa == 0.0F ? std::numeric_limits<float>::infinity()
                             : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    value = std::ldexp(mantissa, -24);
  } else {
    value = std::ldexp(1024.0F + mantissa, exponent - 25);
  }
  return (half & 0x8000) != 0 ? -value : value;
}

/// Element i of dense bytes.
inline double dense_value(
    const std::vector<std::byte>& bytes,
    checkpoint::Dtype dtype,
    std::size_t i) {
  if (dtype == checkpoint::Dtype::f32) {
    float value = 0;
    std::memcpy(&value, bytes.data() + 4 * i, sizeof value);
    return value;
  }
  std::uint16_t half = 0;
  std::memcpy(&half, bytes.data() + 2 * i, sizeof half);
  if (dtype == checkpoint::Dtype::f16) {
    return half_to_float(half);
  }
  const std::uint32_t bits = std::uint32_t{half} << 16;
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// What MLX's affine layout means, bit by bit: value = scale * q + bias, q read
/// from the lowest bit upwards.
inline std::vector<double> affine_values(
    const std::vector<std::byte>& words,
    const std::vector<std::byte>& scales,
    const std::vector<std::byte>& biases,
    checkpoint::Affine affine,
    checkpoint::Dtype dtype = checkpoint::Dtype::f16) {
  const auto bits = static_cast<std::size_t>(affine.bits);
  const auto group = static_cast<std::size_t>(affine.group);
  std::vector<double> out(words.size() * 8 / bits);
  for (std::size_t i = 0; i < out.size(); ++i) {
    unsigned q = 0;
    for (std::size_t b = 0; b < bits; ++b) {
      const auto at = i * bits + b;
      const auto byte = std::to_integer<unsigned>(words.at(at / 8));
      q |= ((byte >> (at % 8)) & 1U) << b;
    }
    out[i] = dense_value(scales, dtype, i / group) * q +
             dense_value(biases, dtype, i / group);
  }
  return out;
}

} // namespace lockstep::testing
