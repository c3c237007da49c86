#pragma once

#include <optional>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/mlx_quantization.h"
#include "checkpoint/weight_files.h"

namespace lockstep::checkpoint {

/// The weights that safetensors files hold: NAME.weight, NAME.scales and
/// NAME.biases of MLX become one entry with the logical shape. Throws
/// Error{config} naming the tensor when its parts or its sizes do not fit
/// `quantization`, and Error{unsupported} for a dtype that weights do not have.
std::vector<TensorInfo> stored_weights(
    const WeightFiles& files,
    const std::optional<MlxQuantization>& quantization);

} // namespace lockstep::checkpoint
