#pragma once

#include <cstdint>
#include <cstring>

namespace lockstep {

inline float float_from_bits(std::uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

inline std::uint32_t bits_of_float(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

inline float float_from_bf16(std::uint16_t bits) {
  return float_from_bits(static_cast<std::uint32_t>(bits) << 16);
}

/// Rounds to nearest even; x is a number.
inline std::uint16_t bf16_from_float(float x) {
  const std::uint32_t bits = bits_of_float(x);
  return static_cast<std::uint16_t>(
      (bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

/// IEEE 754 half precision, exactly.
inline float float_from_f16(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000U) << 16;
  const std::uint32_t rest = half & 0x7fffU;
  if (rest >= 0x7c00U) { // infinite, or no number
    return float_from_bits(sign | 0x7f800000U | ((rest & 0x3ffU) << 13));
  }
  if (rest < 0x400U) { // subnormal
    const float value = static_cast<float>(rest) * 0x1p-24F;
    return sign != 0 ? -value : value;
  }
  return float_from_bits(sign | ((rest << 13) + (112U << 23)));
}

/// Rounds to nearest even; what is too large becomes infinite.
inline std::uint16_t f16_from_float(float x) {
  const std::uint32_t bits = bits_of_float(x);
  const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000U);
  const std::uint32_t rest = bits & 0x7fffffffU;
  if (rest > 0x7f800000U) {
    return static_cast<std::uint16_t>(sign | 0x7e00U);
  }
  if (rest >= 0x477ff000U) { // rounds to 65,536 or more
    return static_cast<std::uint16_t>(sign | 0x7c00U);
  }
  if (rest < 0x38800000U) { // subnormal: the addition rounds it
    const float value = float_from_bits(rest) + 0.5F;
    return static_cast<std::uint16_t>(sign | (bits_of_float(value) & 0x7ffU));
  }
  const std::uint32_t odd = (rest >> 13) & 1U;
  return static_cast<std::uint16_t>(
      sign | ((rest - (112U << 23) + 0xfffU + odd) >> 13));
}

} // namespace lockstep
