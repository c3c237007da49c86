#pragma once

#include <cstdint>
#include <string>

#include "checkpoint/checkpoint.h"

namespace lockstep::checkpoint {

/// A tensor type of GGML that can be read here: `block_values` consecutive
/// values are stored in `block_bytes` bytes.
struct GgmlType {
  const char* name;
  Encoding encoding;
  Dtype dtype; // of the values, or of the scales that Q types become
  std::uint32_t block_values;
  std::uint32_t block_bytes;
};

/// Throws Error{unsupported} starting with `where` and giving the type's name
/// when it is known to GGML but not read here, and Error{config} for a number
/// that stands for no type.
const GgmlType& ggml_type(std::uint32_t id, const std::string& where);

} // namespace lockstep::checkpoint
