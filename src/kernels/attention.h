#pragma once

#include <cstddef>
#include <vector>

#include "kernels/context.h"
#include "kernels/kv_pages.h"
#include "kernels/layout.h"
#include "kernels/rope_table.h"

namespace lockstep::kernels {

struct AttentionShape {
  int n_heads = 0;
  int n_kv_heads = 0; // divides n_heads
  int head_dim = 0;
  float scale = 1.0F; // of the scores
  KvType kv_type = KvType::i16;

  int row() const { // values of one row of queries, keys and values
    return (n_heads + 2 * n_kv_heads) * head_dim;
  }
  KvShape kv() const { return {n_kv_heads, head_dim, kv_type}; }
};

/// Rows first … first + n - 1 of a batch, going to places offset … of one
/// sequence, whose pages hold all of them.
struct AttentionPart {
  int first = 0;
  int n = 0;
  int offset = 0;
  std::vector<std::byte*> pages; // of all layers, as KvPages gives them
};

/// Rotates queries and keys of `rows` [R, shape.row()], stores keys and values
/// at their places, and attends: `out` [R, n_heads * head_dim]. Each row sees
/// its own sequence up to its own place. A row's bits do not depend on what
/// else is in the batch. `rope` has all places reserved; the layer begins at
/// byte `layer` of each page.
void attend_parts(
    Context& context,
    const AttentionShape& shape,
    const RopeTable& rope,
    const std::vector<AttentionPart>& parts,
    std::size_t layer,
    const float* rows,
    float* out);

} // namespace lockstep::kernels
