#pragma once

#include <vector>

#include "mlx/array.h"

#include "checkpoint/config.h"
#include "model/mlx_cache.h"
#include "model/pass.h"

namespace lockstep::model {

/// Attention of a StoredBlock by MLX's operations, part by part.
class MlxAttention {
 public:
  MlxAttention(
      const checkpoint::LayerConfig& layer, const std::vector<double>& periods);

  /// Queries, keys and values side by side -> [R, n_heads * head_dim].
  mx::array operator()(
      const mx::array& qkv, const Pass& pass, MlxCache& cache, int layer) const;

 private:
  /// Heads first … first + n - 1 of a part's rows as [1, n, L, head_dim].
  mx::array heads(
      const mx::array& rows, const Pass::Part& part, int first, int n) const;
  mx::array turned(const mx::array& x, int offset) const;

  checkpoint::LayerConfig layer_;
  mx::array periods_; // [dims / 2]
};

} // namespace lockstep::model
