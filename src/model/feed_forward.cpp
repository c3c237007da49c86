#include "model/feed_forward.h"

#include "mlx/ops.h"

namespace lockstep::model {

FeedForward::FeedForward(
    const checkpoint::ModelConfig& config,
    const checkpoint::LayerConfig& layer,
    const std::string& name,
    Weights& weights)
    : gate_(weights.take_linear(
          name + ".gate_proj", layer.ffn_dim, config.hidden, layer.ffn_bias)),
      up_(weights.take_linear(
          name + ".up_proj", layer.ffn_dim, config.hidden, layer.ffn_bias)),
      down_(weights.take_linear(
          name + ".down_proj", config.hidden, layer.ffn_dim, layer.ffn_bias)) {
}

mx::array FeedForward::operator()(const mx::array& x) const {
  const auto gate = gate_(x);
  return down_(mx::multiply(mx::multiply(gate, mx::sigmoid(gate)), up_(x)));
}

} // namespace lockstep::model
