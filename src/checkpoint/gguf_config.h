#pragma once

#include "base/json.h"
#include "checkpoint/gguf.h"

namespace lockstep::checkpoint {

/// config.json as Hugging Face would write it, from the metadata of a GGUF
/// file: model_type, num_hidden_layers, hidden_size, num_attention_heads,
/// num_key_value_heads, head_dim, intermediate_size, vocab_size,
/// max_position_embeddings, rms_norm_eps, rope_theta, rope_scaling,
/// partial_rotary_factor (when not all dimensions rotate), attention_bias,
/// mlp_bias, tie_word_embeddings, bos_token_id, and eos_token_id as a list.
/// Llama 3.1's frequency divisors are no key: they are the tensor
/// "rope_freqs.weight".
///
/// Throws Error{config} naming the metadata key, and Error{unsupported} for a
/// key below the architecture's name that is not known here: it may change the
/// numbers.
Json gguf_config(const Gguf& gguf);

} // namespace lockstep::checkpoint
