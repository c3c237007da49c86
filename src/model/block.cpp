#include "model/block.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "model/rope.h"

namespace lockstep::model {

namespace {

using checkpoint::LayerConfig;
using checkpoint::ModelConfig;

StoredProjection stored_qkv(
    const ModelConfig& config,
    const LayerConfig& layer,
    const std::string& name,
    Weights& weights) {
  const int kv = layer.n_kv_heads * layer.head_dim;
  StoredProjection stored;
  stored.norm = weights.take_norm(
      name + ".input_layernorm", config.hidden, config.norm_eps);
  for (const auto& [part, out] :
       {std::pair{"q", layer.n_heads * layer.head_dim}, {"k", kv}, {"v", kv}}) {
    stored.linears.push_back(weights.take_linear(
        fmt::format("{}.self_attn.{}_proj", name, part),
        out,
        config.hidden,
        layer.qkv_bias));
  }
  return stored;
}

StoredProjection stored_out(
    const ModelConfig& config,
    const LayerConfig& layer,
    const std::string& name,
    Weights& weights) {
  StoredProjection stored;
  stored.linears.push_back(weights.take_linear(
      name + ".self_attn.o_proj",
      config.hidden,
      layer.n_heads * layer.head_dim,
      layer.out_bias));
  return stored;
}

StoredFeedForward stored_feed_forward(
    const ModelConfig& config,
    const LayerConfig& layer,
    const std::string& name,
    Weights& weights) {
  const auto linear = [&](const char* part, int out, int in) {
    return weights.take_linear(
        fmt::format("{}.mlp.{}_proj", name, part), out, in, layer.ffn_bias);
  };
  return {
      weights.take_norm(
          name + ".post_attention_layernorm", config.hidden, config.norm_eps),
      linear("gate", layer.ffn_dim, config.hidden),
      linear("up", layer.ffn_dim, config.hidden),
      linear("down", config.hidden, layer.ffn_dim)};
}

} // namespace

std::unique_ptr<Block> standard_block(
    const ModelConfig& config, int i, Weights& weights, Parts& parts) {
  const auto& layer = config.layers[static_cast<std::size_t>(i)];
  const auto name = fmt::format("model.layers.{}", i);
  return parts.block(
      {stored_qkv(config, layer, name, weights),
       layer,
       rope_periods(layer.rope, weights),
       stored_out(config, layer, name, weights),
       stored_feed_forward(config, layer, name, weights)});
}

} // namespace lockstep::model
