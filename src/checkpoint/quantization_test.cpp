#include "checkpoint/quantization.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"
#include "support/affine_values.h"
#include "support/refused.h"

namespace lockstep::checkpoint {

using testing::affine_values;
using testing::check_refused;
using testing::half_to_float;

namespace {

struct Random {
  std::uint64_t state = 88172645463325252ULL;
  std::uint32_t next() {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<std::uint32_t>(state >> 16);
  }
};

std::uint16_t half_at(const std::vector<std::byte>& block, std::size_t at) {
  std::uint16_t half = 0;
  std::memcpy(&half, block.data() + at, sizeof half);
  return half;
}

int byte_at(const std::vector<std::byte>& block, std::size_t at) {
  return std::to_integer<int>(block[at]);
}

// What GGML's formats mean, written without the code under test.
std::vector<double> decode(
    Encoding encoding, const std::vector<std::byte>& block) {
  std::vector<double> out(32);
  const double d = half_to_float(half_at(block, 0));
  for (std::size_t i = 0; i < 32; ++i) {
    if (encoding == Encoding::q8_0) {
      const int q = byte_at(block, 2 + i);
      out[i] = d * (q >= 128 ? q - 256 : q);
      continue;
    }
    const std::size_t start = encoding == Encoding::q4_0 ? 2 : 4;
    const int byte = byte_at(block, start + i % 16);
    const int q = i < 16 ? byte % 16 : byte / 16;
    out[i] = encoding == Encoding::q4_0
                 ? d * (q - 8)
                 : d * q + half_to_float(half_at(block, 2));
  }
  return out;
}

struct Repacked {
  std::vector<std::byte> values;
  std::vector<std::byte> scales;
  std::vector<std::byte> biases;
};

Repacked repack(Encoding encoding, const std::vector<std::byte>& blocks) {
  const auto count = blocks.size() / block_bytes(encoding);
  Repacked out;
  out.values.resize(
      count * static_cast<std::size_t>(block_affine(encoding).bits) * 4);
  out.scales.resize(count * 2);
  out.biases.resize(count * 2);
  repack_blocks(
      encoding, blocks, {out.values, out.scales, out.biases}, 100, "m.gguf: t");
  return out;
}

std::vector<std::byte> block_with(
    Encoding encoding,
    std::uint16_t scale,
    std::uint16_t bias,
    Random& random) {
  std::vector<std::byte> block(block_bytes(encoding));
  for (auto& byte : block) {
    byte = static_cast<std::byte>(random.next());
  }
  std::memcpy(block.data(), &scale, sizeof scale);
  if (encoding == Encoding::q4_1) {
    std::memcpy(block.data() + 2, &bias, sizeof bias);
  }
  return block;
}

bool is_finite(std::uint16_t half) {
  return (half & 0x7c00) != 0x7c00;
}

} // namespace

// Seen to fail with: the halves of a block swapped; the bias without its sign;
// q8_0's top bit not flipped; subnormal scales not doubled.
TEST_CASE("repacked blocks have the same values, for every scale there is") {
  Random random;
  for (const auto encoding : {Encoding::q4_0, Encoding::q4_1, Encoding::q8_0}) {
    const auto most = encoding == Encoding::q8_0   ? 511.0
                      : encoding == Encoding::q4_0 ? 8188.0
                                                   : 65504.0;
    int seen = 0;
    for (std::uint32_t bits = 0; bits < 65536; bits += 7) {
      const auto scale = static_cast<std::uint16_t>(bits);
      const auto bias = static_cast<std::uint16_t>(random.next() & 0xbbff);
      if (!is_finite(scale) || std::fabs(half_to_float(scale)) > most) {
        continue;
      }
      const auto block = block_with(encoding, scale, bias, random);
      const auto out = repack(encoding, block);
      const auto values = affine_values(
          out.values, out.scales, out.biases, block_affine(encoding));
      const auto expected = decode(encoding, block);
      for (std::size_t i = 0; i < 32; ++i) {
        REQUIRE(values[i] == expected[i]);
      }
      ++seen;
    }
    CHECK(seen > 5000);
  }
}

// Seen to fail with: scales all stored in the first place.
TEST_CASE("several blocks keep their order") {
  Random random;
  std::vector<std::byte> blocks;
  std::vector<double> expected;
  for (int i = 0; i < 5; ++i) {
    const auto block = block_with(
        Encoding::q8_0, static_cast<std::uint16_t>(0x3000 + i), 0, random);
    blocks.insert(blocks.end(), block.begin(), block.end());
    const auto part = decode(Encoding::q8_0, block);
    expected.insert(expected.end(), part.begin(), part.end());
  }
  const auto out = repack(Encoding::q8_0, blocks);
  CHECK(affine_values(out.values, out.scales, out.biases, {8, 32}) == expected);
}

// Seen to fail with: no limit on the exponent; q4_1's bias not checked.
TEST_CASE("scales that f16 cannot hold are refused with their block") {
  Random random;
  struct Case {
    Encoding encoding;
    std::uint16_t scale;
    std::uint16_t bias;
  };
  // 0x7000 is 8192, 0x6000 512, 0x7c00 infinite, 0x7e00 no number.
  for (const auto& one : std::vector<Case>{
           {Encoding::q4_0, 0x7000, 0},
           {Encoding::q4_0, 0xf000, 0},
           {Encoding::q4_0, 0x7c00, 0},
           {Encoding::q8_0, 0x6000, 0},
           {Encoding::q8_0, 0x7e00, 0},
           {Encoding::q4_1, 0x7c00, 0},
           {Encoding::q4_1, 0, 0xfc00}}) {
    auto blocks = block_with(one.encoding, 0x3c00, 0x3c00, random);
    const auto bad = block_with(one.encoding, one.scale, one.bias, random);
    blocks.insert(blocks.end(), bad.begin(), bad.end());
    check_refused(ErrorKind::config, {"m.gguf", "block 101"}, [&] {
      repack(one.encoding, blocks);
    });
  }
}

} // namespace lockstep::checkpoint
