#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "checkpoint/checkpoint.h"

namespace lockstep::checkpoint {

constexpr int kBlockValues = 32; // of GGML's Q4_0, Q4_1 and Q8_0

/// Bytes of one block as GGUF stores it; 0 when `encoding` has no blocks.
std::size_t block_bytes(Encoding encoding);

/// MLX's layout of GGML's blocks: 4 bits for q4_0 and q4_1, 8 for q8_0, groups
/// of 32, scales and biases in f16.
Affine block_affine(Encoding encoding);

/// Where repacked blocks go; sizes for n blocks in bytes: values
/// n * bits * 4, scales and biases n * 2.
struct RepackTarget {
  std::span<std::byte> values;
  std::span<std::byte> scales;
  std::span<std::byte> biases;
};

/// Repacks whole blocks without loss: every value is the same number as
/// before. Throws Error{config} starting with `where` when a scale is not
/// finite or a bias does not fit in f16; `first_block` counts for its text.
void repack_blocks(
    Encoding encoding,
    std::span<const std::byte> blocks,
    RepackTarget out,
    std::uint64_t first_block,
    const std::string& where);

} // namespace lockstep::checkpoint
