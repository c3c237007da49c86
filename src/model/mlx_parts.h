#pragma once

#include <memory>

#include "checkpoint/checkpoint.h"
#include "model/mlx_cache.h"
#include "model/parts.h"

namespace lockstep::model {

/// MLX's own operations, on its default device. On a GPU activations have the
/// type in which the checkpoint stores its values (float16 for float32 ones),
/// on a CPU float32: there MLX's kernels take their arithmetic from the
/// scales' type, and half precision is slow and loses accuracy.
std::unique_ptr<Parts> mlx_parts(checkpoint::Dtype stored, KvStored kv);

} // namespace lockstep::model
