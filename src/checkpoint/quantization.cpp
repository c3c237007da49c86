#include "checkpoint/quantization.h"

#include <bit>
#include <cstring>

#include "base/error.h"

namespace lockstep::checkpoint {

static_assert(
    std::endian::native == std::endian::little,
    "files are little-endian and read as they are");

namespace {

constexpr std::size_t kHalf = 2; // bytes of an f16

template <class T>
T load_as(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
void store(std::byte* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

bool is_finite(std::uint16_t half) {
  return (half & 0x7c00U) != 0x7c00U;
}

// -half * 2^shift, exactly; false when it exceeds the range of f16.
bool negated_shifted(std::uint16_t half, int shift, std::uint16_t* out) {
  const unsigned sign = (half & 0x8000U) ^ 0x8000U;
  unsigned exponent = (half >> 10) & 0x1fU;
  unsigned mantissa = half & 0x3ffU;
  if (exponent == 0) {
    // Subnormal: doubles until the leading bit becomes the implied one.
    while (shift > 0 && mantissa != 0 && mantissa < 0x400U) {
      mantissa <<= 1;
      --shift;
    }
    if (mantissa >= 0x400U) {
      exponent = 1;
      mantissa -= 0x400U;
    } else {
      shift = 0;
    }
  }
  exponent += static_cast<unsigned>(shift);
  *out = static_cast<std::uint16_t>(sign | (exponent << 10) | mantissa);
  return exponent < 0x1fU;
}

// Of 8 bytes, the low nibbles packed in order into 4.
std::uint32_t pack_low_nibbles(std::uint64_t bytes) {
  bytes &= 0x0f0f0f0f0f0f0f0fULL;
  bytes = (bytes | (bytes >> 4)) & 0x00ff00ff00ff00ffULL;
  bytes = (bytes | (bytes >> 8)) & 0x0000ffff0000ffffULL;
  return static_cast<std::uint32_t>(bytes | (bytes >> 16));
}

// GGML keeps element j in the low nibble of byte j and j + 16 in the high one.
void repack_nibbles(const std::byte* from, std::byte* to) {
  for (std::size_t half = 0; half < 2; ++half) {
    const auto bytes = load_as<std::uint64_t>(from + 8 * half);
    store(to + 4 * half, pack_low_nibbles(bytes));
    store(to + 8 + 4 * half, pack_low_nibbles(bytes >> 4));
  }
}

[[noreturn]] void refuse_scale(const std::string& where, std::uint64_t block) {
  fail(
      ErrorKind::config,
      "{}: the scale of block {} is not finite or too large for f16; "
      "the file is damaged",
      where,
      block);
}

struct Block {
  const std::byte* from;
  std::byte* values;
  std::byte* scale;
  std::byte* bias;
};

// Each repacks one block; false when its scale cannot be represented.
bool repack_q4_0(const Block& block) {
  const auto scale = load_as<std::uint16_t>(block.from);
  std::uint16_t bias = 0;
  const bool fits = is_finite(scale) && negated_shifted(scale, 3, &bias);
  store(block.scale, scale);
  store(block.bias, bias);
  repack_nibbles(block.from + kHalf, block.values);
  return fits;
}

bool repack_q4_1(const Block& block) {
  const auto scale = load_as<std::uint16_t>(block.from);
  const auto bias = load_as<std::uint16_t>(block.from + kHalf);
  store(block.scale, scale);
  store(block.bias, bias);
  repack_nibbles(block.from + 2 * kHalf, block.values);
  return is_finite(scale) && is_finite(bias);
}

bool repack_q8_0(const Block& block) {
  const auto scale = load_as<std::uint16_t>(block.from);
  std::uint16_t bias = 0;
  const bool fits = is_finite(scale) && negated_shifted(scale, 7, &bias);
  store(block.scale, scale);
  store(block.bias, bias);
  for (std::size_t i = 0; i < kBlockValues; i += 8) {
    // From -128 … 127 to 0 … 255: flipping the top bit adds 128.
    const auto bytes = load_as<std::uint64_t>(block.from + kHalf + i);
    store(block.values + i, bytes ^ 0x8080808080808080ULL);
  }
  return fits;
}

template <bool (*repack)(const Block&)>
void repack_all(
    std::size_t stride,
    std::size_t values_stride,
    std::span<const std::byte> blocks,
    const RepackTarget& out,
    std::uint64_t first_block,
    const std::string& where) {
  const std::size_t count = blocks.size() / stride;
  if (out.values.size() < count * values_stride ||
      out.scales.size() < count * kHalf || out.biases.size() < count * kHalf) {
    fail(ErrorKind::internal, "{}: room for {} blocks is short", where, count);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Block block{
        blocks.data() + i * stride,
        out.values.data() + i * values_stride,
        out.scales.data() + i * kHalf,
        out.biases.data() + i * kHalf};
    if (!repack(block)) {
      refuse_scale(where, first_block + i);
    }
  }
}

} // namespace

std::size_t block_bytes(Encoding encoding) {
  switch (encoding) {
    case Encoding::q4_0:
      return kHalf + kBlockValues / 2;
    case Encoding::q4_1:
      return 2 * kHalf + kBlockValues / 2;
    case Encoding::q8_0:
      return kHalf + kBlockValues;
    case Encoding::dense:
    case Encoding::affine:
      break;
  }
  return 0;
}

Affine block_affine(Encoding encoding) {
  return {encoding == Encoding::q8_0 ? 8 : 4, kBlockValues};
}

void repack_blocks(
    Encoding encoding,
    std::span<const std::byte> blocks,
    RepackTarget out,
    std::uint64_t first_block,
    const std::string& where) {
  const auto stride = block_bytes(encoding);
  const auto values_stride =
      static_cast<std::size_t>(block_affine(encoding).bits) * kBlockValues / 8;
  switch (encoding) {
    case Encoding::q4_0:
      return repack_all<repack_q4_0>(
          stride, values_stride, blocks, out, first_block, where);
    case Encoding::q4_1:
      return repack_all<repack_q4_1>(
          stride, values_stride, blocks, out, first_block, where);
    case Encoding::q8_0:
      return repack_all<repack_q8_0>(
          stride, values_stride, blocks, out, first_block, where);
    case Encoding::dense:
    case Encoding::affine:
      break;
  }
  fail(ErrorKind::internal, "{}: has no blocks to repack", where);
}

} // namespace lockstep::checkpoint
