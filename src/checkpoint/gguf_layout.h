#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "checkpoint/gguf.h"

namespace lockstep::checkpoint {

/// Bytes of a tensor by its shape and type. Throws Error{config} starting with
/// `where` when its rows are no whole blocks.
std::uint64_t gguf_tensor_bytes(
    const GgufTensor& tensor, const std::string& where);

/// Turns offsets within the data, which starts at byte `start`, into offsets in
/// the file. Throws Error{config} naming the tensor when one is not aligned,
/// lies outside the file or overlaps another.
void place_gguf_tensors(
    const File& file,
    std::uint64_t start,
    std::uint64_t alignment,
    std::vector<GgufTensor>& tensors);

} // namespace lockstep::checkpoint
