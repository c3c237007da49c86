#pragma once

#include "kernels/attention.h"

namespace lockstep::kernels {

/// Turns a part's queries and keys by their places and stores its keys and
/// values. `rows` [R, shape.row()]; `queries` [R, n_heads, head_dim] gets the
/// turned queries, scaled. The layer begins at byte `layer` of each page.
void place_rows(
    Context& context,
    const AttentionShape& shape,
    const RopeTable& rope,
    const AttentionPart& part,
    std::size_t layer,
    const float* rows,
    float* queries);

} // namespace lockstep::kernels
