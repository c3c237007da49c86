#pragma once

#include <functional>
#include <vector>

#include "mlx/array.h"

namespace lockstep::kernels {

namespace mx = mlx::core;

/// What a node does when its turn comes, on the stream's thread: `inputs` are
/// the data of its inputs, `out` room for its output.
using NodeWork =
    std::function<void(const std::vector<std::byte*>& inputs, float* out)>;

/// A node of MLX's graph, on the CPU, that gives a float32 array. Inputs must
/// be contiguous by rows, and are evaluated before. `work` may write to an
/// input that nobody else reads; whoever needs what was written must evaluate
/// this node first.
mx::array make_node(
    const char* name,
    mx::Shape shape,
    std::vector<mx::array> inputs,
    NodeWork work);

} // namespace lockstep::kernels
