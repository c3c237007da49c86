#pragma once

#include <string>

#include "mlx/array.h"

#include "checkpoint/config.h"
#include "model/linear.h"
#include "model/weights.h"

namespace lockstep::model {

/// down(silu(gate(x)) * up(x)). Shazeer, "GLU Variants Improve Transformer"
/// (2020), eq. 6 (SwiGLU).
class FeedForward {
 public:
  FeedForward(
      const checkpoint::ModelConfig& config,
      const checkpoint::LayerConfig& layer,
      const std::string& name,
      Weights& weights);

  mx::array operator()(const mx::array& x) const; // [R, hidden] -> the same

 private:
  Linear gate_;
  Linear up_;
  Linear down_;
};

} // namespace lockstep::model
