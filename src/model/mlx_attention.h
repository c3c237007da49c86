#pragma once

#include <memory>
#include <vector>

#include "model/parts.h"

namespace lockstep::model {

/// Attention by MLX's operations, part by part.
std::unique_ptr<Attention> mlx_attention(
    const checkpoint::LayerConfig& layer, const std::vector<double>& periods);

} // namespace lockstep::model
