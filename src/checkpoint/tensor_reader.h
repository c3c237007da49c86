#pragma once

#include <memory>
#include <vector>

#include "base/file.h"
#include "checkpoint/checkpoint.h"

namespace lockstep::checkpoint {

/// Reads exactly the ranges of `info`, repacks blocks to the affine layout and
/// puts interleaved rows back in order. Throws Error{config} naming file and
/// tensor when the file has become shorter or a scale cannot be represented.
Tensor read_tensor(
    const std::vector<std::shared_ptr<const File>>& files,
    const TensorInfo& info);

} // namespace lockstep::checkpoint
