#pragma once

#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/config.h"

namespace lockstep::plan {

/// Whether a rank that holds one of `ranges` reads this tensor: those of its
/// layers, on the first rank the embedding, on the last the head. What belongs
/// to no layer besides is small, and all have it.
bool is_held(
    const checkpoint::TensorInfo& tensor,
    const std::vector<checkpoint::LayerRange>& ranges,
    const checkpoint::ModelConfig& config);

} // namespace lockstep::plan
