#include "model/attention.h"

#include <vector>

#include "mlx/fast.h"
#include "mlx/ops.h"

namespace lockstep::model {

namespace {

mx::array rows_of(const mx::array& x, const Pass::Part& part) {
  return mx::slice(x, {part.first, 0}, {part.first + part.n, x.shape(1)});
}

} // namespace

Attention::Attention(
    const checkpoint::ModelConfig& config,
    const checkpoint::LayerConfig& layer,
    const std::string& name,
    Weights& weights)
    : layer_(layer),
      q_(weights.take_linear(
          name + ".q_proj",
          layer.n_heads * layer.head_dim,
          config.hidden,
          layer.qkv_bias)),
      k_(weights.take_linear(
          name + ".k_proj",
          layer.n_kv_heads * layer.head_dim,
          config.hidden,
          layer.qkv_bias)),
      v_(weights.take_linear(
          name + ".v_proj",
          layer.n_kv_heads * layer.head_dim,
          config.hidden,
          layer.qkv_bias)),
      o_(weights.take_linear(
          name + ".o_proj",
          config.hidden,
          layer.n_heads * layer.head_dim,
          layer.out_bias)),
      rope_(layer.rope, weights) {
}

/// [L, n_heads * head_dim] -> [1, n_heads, L, head_dim]
mx::array Attention::heads(const mx::array& rows, int n_heads) const {
  return mx::transpose(
      mx::reshape(rows, {1, rows.shape(0), n_heads, layer_.head_dim}),
      {0, 2, 1, 3});
}

mx::array Attention::operator()(
    const mx::array& x, const Pass& pass, LayerCache& cache) const {
  const auto q = q_(x);
  const auto k = k_(x);
  const auto v = v_(x);
  std::vector<mx::array> outputs;
  for (const auto& part : pass.parts) {
    const auto queries =
        rope_(heads(rows_of(q, part), layer_.n_heads), part.offset);
    const auto [keys, values] = cache.append(
        part.slot,
        part.offset,
        rope_(heads(rows_of(k, part), layer_.n_kv_heads), part.offset),
        heads(rows_of(v, part), layer_.n_kv_heads));
    const auto mixed = mx::fast::scaled_dot_product_attention(
        queries, keys, values, layer_.attn_scale, part.n > 1 ? "causal" : "");
    outputs.push_back(mx::reshape(
        mx::transpose(mixed, {0, 2, 1, 3}),
        {part.n, layer_.n_heads * layer_.head_dim}));
  }
  return o_(
      outputs.size() == 1 ? outputs.front() : mx::concatenate(outputs, 0));
}

} // namespace lockstep::model
