#include "model/block.h"

#include <string>

#include "mlx/ops.h"
#include <fmt/format.h>

#include "model/attention.h"
#include "model/feed_forward.h"
#include "model/norm.h"

namespace lockstep::model {

namespace {

class StandardBlock final : public Block {
 public:
  StandardBlock(
      const checkpoint::ModelConfig& config,
      const checkpoint::LayerConfig& layer,
      const std::string& name,
      Weights& weights)
      : attention_norm_(
            weights, name + ".input_layernorm", config.hidden, config.norm_eps),
        attention_(config, layer, name + ".self_attn", weights),
        feed_forward_norm_(
            weights,
            name + ".post_attention_layernorm",
            config.hidden,
            config.norm_eps),
        feed_forward_(config, layer, name + ".mlp", weights) {}

  mx::array operator()(
      const mx::array& x, const Pass& pass, LayerCache& cache) const override {
    const auto h = mx::add(x, attention_(attention_norm_(x), pass, cache));
    return mx::add(h, feed_forward_(feed_forward_norm_(h)));
  }

 private:
  RmsNorm attention_norm_;
  Attention attention_;
  RmsNorm feed_forward_norm_;
  FeedForward feed_forward_;
};

} // namespace

std::unique_ptr<Block> standard_block(
    const checkpoint::ModelConfig& config, int layer, Weights& weights) {
  return std::make_unique<StandardBlock>(
      config,
      config.layers[static_cast<std::size_t>(layer)],
      fmt::format("model.layers.{}", layer),
      weights);
}

} // namespace lockstep::model
