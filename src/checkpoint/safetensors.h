#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"

namespace lockstep::checkpoint {

struct StoredTensor {
  std::string name;
  std::string dtype; // as the format names it: "F32", "U32", "BF16", …
  std::vector<std::uint64_t> dims; // outermost first; may be empty or hold 0
  std::uint64_t offset = 0;        // in the file
  std::uint64_t bytes = 0;         // dims times the dtype's size
};

/// Reads and checks the header of a safetensors file: its tensors lie inside
/// the file, side by side without overlap or hole, and have the size that dtype
/// and shape say. Throws Error{config} naming file and tensor, and
/// Error{unsupported} for a dtype that the format does not have.
std::vector<StoredTensor> read_safetensors(const File& file);

} // namespace lockstep::checkpoint
