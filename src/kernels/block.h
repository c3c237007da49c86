#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "kernels/attention.h"
#include "kernels/context.h"
#include "kernels/product.h"
#include "kernels/rope_table.h"

namespace lockstep::kernels {

/// Weights of an RMS norm.
struct Norm {
  std::vector<float> weight;
  float eps = 0.0F;
};

/// One layer of a model, attention and feed-forward network, each behind a norm
/// and beside a residual connection.
struct Block {
  std::optional<Norm> attention_norm;
  Product qkv;
  AttentionShape attention;
  std::shared_ptr<RopeTable> rope;
  Product out;
  std::optional<Norm> feed_forward_norm;
  GatedProduct feed_forward;
};

/// y = map(norm(x)), plus `residual` where it is not null. `Map` is Product or
/// GatedProduct; x [rows, map.in()], y and `residual` [rows, map.out()].
template <class Map>
void run_map(
    Context& context,
    const std::optional<Norm>& norm,
    const Map& map,
    const float* x,
    int rows,
    const float* residual,
    float* y) {
  auto& input = context.workspace.input;
  input.take(
      context,
      map.forms(),
      {x,
       rows,
       map.in(),
       norm ? norm->weight.data() : nullptr,
       norm ? norm->eps : 0.0F});
  map.run(context, input, residual, y);
}

/// x and y [rows, hidden]; `parts` cover all rows. The layer begins at byte
/// `layer` of each page of theirs.
void run_block(
    Context& context,
    const Block& block,
    const std::vector<AttentionPart>& parts,
    std::size_t layer,
    const float* x,
    int rows,
    float* y);

} // namespace lockstep::kernels
