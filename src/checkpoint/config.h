#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/types.h"

namespace lockstep::checkpoint {

enum class Activation { silu };

enum class RopeScaling { none, linear, llama3, factors };

struct RopeConfig {
  int dims = 0; // leading dimensions of a head that are rotated
  float base = 10000.0F;
  RopeScaling scaling = RopeScaling::none;
  float factor = 1.0F;                // linear, llama3
  float low_freq_factor = 1.0F;       // llama3
  float high_freq_factor = 4.0F;      // llama3
  float original_positions = 8192.0F; // llama3
};

/// Consecutive layers [first, last), counted from 0.
struct LayerRange {
  int first = 0;
  int last = 0;

  int size() const { return last - first; }
  bool operator==(const LayerRange&) const = default;
};

/// One per layer, indexed by global layer number.
struct LayerConfig {
  int n_heads = 0;
  int n_kv_heads = 0;
  int head_dim = 0;
  int ffn_dim = 0;
  float attn_scale = 1.0F;
  bool qkv_bias = false;
  bool out_bias = false; // of the attention's output projection
  bool ffn_bias = false;
  RopeConfig rope;
};

/// What differs between models in numbers; made by a family from config.json.
struct ModelConfig {
  std::string family;
  int hidden = 0;
  int vocab = 0;
  int max_positions = 0; // tokens
  float norm_eps = 1e-5F;
  bool tied_embeddings = false;
  Activation activation = Activation::silu;
  std::vector<Token> eos_tokens;
  std::vector<LayerConfig> layers;
};

} // namespace lockstep::checkpoint
