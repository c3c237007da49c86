#pragma once

#include "model/families/family.h"

namespace lockstep::model {

checkpoint::ModelConfig parse_llama(const checkpoint::Checkpoint& checkpoint);
void skip_rotary_buffers(
    Weights& weights, const checkpoint::ModelConfig& config);

/// Llama 1 to 3.x, SmolLM, TinyLlama and what else calls itself "llama".
inline constexpr Family kLlama{
    "llama", parse_llama, standard_block, skip_rotary_buffers};

} // namespace lockstep::model
