#include "model/families/llama.h"

#include <cmath>
#include <string>

#include <fmt/format.h>

#include "base/error.h"

namespace lockstep::model {

namespace {

using checkpoint::LayerConfig;
using checkpoint::ModelConfig;
using checkpoint::RopeConfig;
using checkpoint::RopeScaling;

constexpr int kMostLayers = 1024;
constexpr int kMostSize = 1 << 20;
constexpr int kMostVocab = 1 << 24;

void read_scaling(const JsonReader& scaling, RopeConfig& rope) {
  // Older checkpoints say "type".
  const char* key = scaling.has("rope_type") ? "rope_type" : "type";
  const auto type = scaling.string(key);
  if (type == "default") {
    return;
  }
  if (type == "linear") {
    rope.scaling = RopeScaling::linear;
  } else if (type == "llama3") {
    rope.scaling = RopeScaling::llama3;
    rope.low_freq_factor =
        static_cast<float>(scaling.number("low_freq_factor", 1e-3, 1e6));
    rope.high_freq_factor =
        static_cast<float>(scaling.number("high_freq_factor", 1e-3, 1e6));
    rope.original_positions = static_cast<float>(
        scaling.integer("original_max_position_embeddings", 1, 1 << 30));
    if (rope.high_freq_factor <= rope.low_freq_factor) {
      scaling.refuse("high_freq_factor", "more than low_freq_factor");
    }
  } else {
    fail(
        ErrorKind::unsupported,
        "{}: key \"{}\" is \"{}\"; known are: default, linear, llama3",
        scaling.where(),
        key,
        type);
  }
  rope.factor = static_cast<float>(scaling.number("factor", 1e-3, 1e6));
}

RopeConfig read_rope(
    const JsonReader& config,
    const checkpoint::Checkpoint& checkpoint,
    int head_dim) {
  RopeConfig rope;
  rope.dims = head_dim;
  rope.base =
      static_cast<float>(config.number_or("rope_theta", 10000.0, 1.0, 1e12));
  if (config.has("rope_scaling")) {
    read_scaling(config.object("rope_scaling"), rope);
  }
  if (config.number_or("partial_rotary_factor", 1.0, 0.0, 1.0) != 1.0) {
    fail(
        ErrorKind::unsupported,
        "{}: partial_rotary_factor other than 1 is not done for llama",
        config.where());
  }
  if (checkpoint.find("rope_freqs.weight") != nullptr) {
    rope.scaling = RopeScaling::factors;
  }
  return rope;
}

LayerConfig read_layer(
    const JsonReader& config,
    const checkpoint::Checkpoint& checkpoint,
    int hidden) {
  LayerConfig layer;
  layer.n_heads =
      static_cast<int>(config.integer("num_attention_heads", 1, kMostSize));
  layer.n_kv_heads = static_cast<int>(config.integer_or(
      "num_key_value_heads", layer.n_heads, 1, layer.n_heads));
  if (layer.n_heads % layer.n_kv_heads != 0) {
    config.refuse(
        "num_key_value_heads",
        fmt::format("a divisor of {} attention heads", layer.n_heads));
  }
  if (!config.has("head_dim") && hidden % layer.n_heads != 0) {
    config.refuse(
        "num_attention_heads",
        fmt::format("a divisor of hidden_size {}", hidden));
  }
  layer.head_dim = static_cast<int>(
      config.integer_or("head_dim", hidden / layer.n_heads, 2, kMostSize));
  if (layer.head_dim % 2 != 0) {
    fail(
        ErrorKind::config,
        "{}: heads of {} dimensions cannot be rotated, expected an even number",
        config.where(),
        layer.head_dim);
  }
  layer.ffn_dim =
      static_cast<int>(config.integer("intermediate_size", 1, kMostSize));
  layer.attn_scale = 1.0F / std::sqrt(static_cast<float>(layer.head_dim));
  layer.qkv_bias = config.boolean_or("attention_bias", false);
  layer.out_bias = layer.qkv_bias;
  layer.ffn_bias = config.boolean_or("mlp_bias", false);
  layer.rope = read_rope(config, checkpoint, layer.head_dim);
  return layer;
}

} // namespace

ModelConfig parse_llama(const checkpoint::Checkpoint& checkpoint) {
  const JsonReader config(checkpoint.config(), checkpoint.config_origin());
  ModelConfig model;
  model.family = "llama";
  model.hidden = static_cast<int>(config.integer("hidden_size", 2, kMostSize));
  if (model.hidden % 2 != 0) {
    config.refuse("hidden_size", "an even number");
  }
  model.vocab = static_cast<int>(config.integer("vocab_size", 1, kMostVocab));
  model.max_positions = static_cast<int>(
      config.integer_or("max_position_embeddings", 2048, 1, 1 << 30));
  model.norm_eps =
      static_cast<float>(config.number("rms_norm_eps", 1e-12, 0.1));
  model.tied_embeddings = config.boolean_or("tie_word_embeddings", false);
  const auto activation = config.string_or("hidden_act", "silu");
  if (activation != "silu") {
    fail(
        ErrorKind::unsupported,
        "{}: hidden_act \"{}\" is not done for llama; known is: silu",
        config.where(),
        activation);
  }
  if (config.has("eos_token_id")) {
    for (const auto& id : config.at("eos_token_id")) {
      model.eos_tokens.push_back(id.get<Token>());
    }
  }
  const auto n_layers = config.integer("num_hidden_layers", 1, kMostLayers);
  model.layers.assign(
      static_cast<std::size_t>(n_layers),
      read_layer(config, checkpoint, model.hidden));
  return model;
}

void skip_rotary_buffers(Weights& weights, const ModelConfig& config) {
  for (std::size_t i = 0; i < config.layers.size(); ++i) {
    weights.skip(
        fmt::format("model.layers.{}.self_attn.rotary_emb.inv_freq", i));
  }
}

} // namespace lockstep::model
