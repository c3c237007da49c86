#pragma once

#include <memory>

#include "mlx/array.h"

#include "checkpoint/config.h"
#include "model/kv_cache.h"
#include "model/parts.h"
#include "model/pass.h"
#include "model/weights.h"

namespace lockstep::model {

/// One layer of a model: what families differ in when data cannot say it.
class Block {
 public:
  virtual ~Block() = default;

  /// [R, hidden] -> [R, hidden]
  virtual mx::array operator()(
      const mx::array& x, const Pass& pass, LayerCache& cache) const = 0;
};

/// Attention and a gated feed-forward network, each behind a norm and beside a
/// residual connection; llama's wiring and that of most families since.
std::unique_ptr<Block> standard_block(
    const checkpoint::ModelConfig& config,
    int layer,
    Weights& weights,
    Parts& parts);

} // namespace lockstep::model
