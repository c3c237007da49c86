#include "model/block.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "model/rope.h"

namespace lockstep::model {

namespace {

using checkpoint::LayerConfig;
using checkpoint::ModelConfig;

class StandardBlock final : public Block {
 public:
  StandardBlock(
      const ModelConfig& config,
      const LayerConfig& layer,
      const std::string& name,
      Weights& weights,
      Parts& parts)
      : qkv_(parts.projection(stored_qkv(config, layer, name, weights))),
        attention_(parts.attention(layer, rope_periods(layer.rope, weights))),
        out_(parts.projection(stored_out(config, layer, name, weights))),
        feed_forward_(parts.feed_forward(
            stored_feed_forward(config, layer, name, weights))) {}

  mx::array operator()(
      const mx::array& x, const Pass& pass, LayerCache& cache) const override {
    const auto h = (*out_)((*attention_)((*qkv_)(x), pass, cache), &x);
    return (*feed_forward_)(h, &h);
  }

 private:
  static StoredProjection stored_qkv(
      const ModelConfig& config,
      const LayerConfig& layer,
      const std::string& name,
      Weights& weights) {
    const int kv = layer.n_kv_heads * layer.head_dim;
    StoredProjection stored;
    stored.norm = weights.take_norm(
        name + ".input_layernorm", config.hidden, config.norm_eps);
    for (const auto& [part, out] :
         {std::pair{"q", layer.n_heads * layer.head_dim},
          {"k", kv},
          {"v", kv}}) {
      stored.linears.push_back(weights.take_linear(
          fmt::format("{}.self_attn.{}_proj", name, part),
          out,
          config.hidden,
          layer.qkv_bias));
    }
    return stored;
  }

  static StoredProjection stored_out(
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

  static StoredFeedForward stored_feed_forward(
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

  std::unique_ptr<RowMap> qkv_;
  std::unique_ptr<Attention> attention_;
  std::unique_ptr<RowMap> out_;
  std::unique_ptr<RowMap> feed_forward_;
};

} // namespace

std::unique_ptr<Block> standard_block(
    const ModelConfig& config, int layer, Weights& weights, Parts& parts) {
  return std::make_unique<StandardBlock>(
      config,
      config.layers[static_cast<std::size_t>(layer)],
      fmt::format("model.layers.{}", layer),
      weights,
      parts);
}

} // namespace lockstep::model
