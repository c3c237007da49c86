#pragma once

#include <string>

#include "mlx/array.h"

#include "checkpoint/config.h"
#include "model/kv_cache.h"
#include "model/linear.h"
#include "model/pass.h"
#include "model/rope.h"
#include "model/weights.h"

namespace lockstep::model {

/// Causal self-attention with grouped keys and values. Vaswani et al.,
/// "Attention Is All You Need" (2017), eq. 1; Ainslie et al., "GQA" (2023).
class Attention {
 public:
  Attention(
      const checkpoint::ModelConfig& config,
      const checkpoint::LayerConfig& layer,
      const std::string& name,
      Weights& weights);

  /// [R, hidden] -> [R, hidden]; every part attends to its own slot only.
  mx::array operator()(
      const mx::array& x, const Pass& pass, LayerCache& cache) const;

 private:
  mx::array heads(const mx::array& rows, int n_heads) const;

  checkpoint::LayerConfig layer_;
  Linear q_;
  Linear k_;
  Linear v_;
  Linear o_;
  Rope rope_;
};

} // namespace lockstep::model
