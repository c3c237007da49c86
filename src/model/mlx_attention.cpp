#include "model/mlx_attention.h"

#include <optional>

#include "mlx/fast.h"
#include "mlx/ops.h"

namespace lockstep::model {

namespace {

mx::array as_floats(const std::vector<double>& values) {
  const std::vector<float> floats(values.begin(), values.end());
  return mx::array(
      floats.data(), {static_cast<int>(floats.size())}, mx::float32);
}

} // namespace

MlxAttention::MlxAttention(
    const checkpoint::LayerConfig& layer, const std::vector<double>& periods)
    : layer_(layer), periods_(as_floats(periods)) {
}

mx::array MlxAttention::operator()(
    const mx::array& qkv, const Pass& pass, MlxCache& cache, int layer) const {
  const int n_q = layer_.n_heads;
  const int n_kv = layer_.n_kv_heads;
  std::vector<mx::array> outputs;
  for (const auto& part : pass.parts) {
    const auto queries = turned(heads(qkv, part, 0, n_q), part.offset);
    const auto [keys, values] = cache.append(
        layer,
        part.slot,
        part.offset,
        turned(heads(qkv, part, n_q, n_kv), part.offset),
        heads(qkv, part, n_q + n_kv, n_kv));
    const auto mixed = mx::fast::scaled_dot_product_attention(
        queries, keys, values, layer_.attn_scale, part.n > 1 ? "causal" : "");
    outputs.push_back(mx::reshape(
        mx::transpose(mixed, {0, 2, 1, 3}), {part.n, n_q * layer_.head_dim}));
  }
  return outputs.size() == 1 ? outputs.front() : mx::concatenate(outputs, 0);
}

mx::array MlxAttention::heads(
    const mx::array& rows, const Pass::Part& part, int first, int n) const {
  const int dim = layer_.head_dim;
  const auto own = mx::slice(
      rows,
      {part.first, first * dim},
      {part.first + part.n, (first + n) * dim});
  return mx::transpose(mx::reshape(own, {1, part.n, n, dim}), {0, 2, 1, 3});
}

mx::array MlxAttention::turned(const mx::array& x, int offset) const {
  return mx::fast::rope(
      x, layer_.rope.dims, false, std::nullopt, 1.0F, offset, periods_);
}

} // namespace lockstep::model
