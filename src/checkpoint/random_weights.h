#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "checkpoint/checkpoint.h"

namespace lockstep::checkpoint {

/// What `needs` are like in a model with this config: of the type that its
/// "torch_dtype" (or "dtype") names, matrices quantized as its "quantization"
/// says. Throws Error{config} or Error{unsupported} naming `origin` and the
/// key.
std::vector<TensorInfo> random_weights(
    const Json& config,
    const std::string& origin,
    const std::vector<TensorNeed>& needs);

} // namespace lockstep::checkpoint
