#pragma once

#include <memory>

#include "checkpoint/config.h"
#include "model/parts.h"
#include "model/weights.h"

namespace lockstep::model {

/// Attention and a gated feed-forward network, each behind a norm and beside a
/// residual connection; llama's wiring and that of most families since.
std::unique_ptr<Block> standard_block(
    const checkpoint::ModelConfig& config,
    int layer,
    Weights& weights,
    Parts& parts);

} // namespace lockstep::model
