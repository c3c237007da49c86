#include "kernels/block.h"

#include <cstddef>

namespace lockstep::kernels {

namespace {

float* room(std::vector<float>& values, int rows, int columns) {
  make_room(
      values,
      static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
  return values.data();
}

} // namespace

void run_block(
    Context& context,
    const Block& block,
    const std::vector<AttentionPart>& parts,
    std::size_t layer,
    const float* x,
    int rows,
    float* y) {
  auto& space = context.workspace;
  float* qkv = room(space.qkv, rows, block.qkv.out());
  run_map(context, block.attention_norm, block.qkv, x, rows, nullptr, qkv);
  float* attended = room(space.attended, rows, block.out.in());
  attend_parts(
      context, block.attention, *block.rope, parts, layer, qkv, attended);
  float* hidden = room(space.hidden, rows, block.out.out());
  run_map(context, std::nullopt, block.out, attended, rows, x, hidden);
  run_map(
      context,
      block.feed_forward_norm,
      block.feed_forward,
      hidden,
      rows,
      hidden,
      y);
}

} // namespace lockstep::kernels
