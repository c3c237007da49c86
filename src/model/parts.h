#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "mlx/array.h"

#include "checkpoint/config.h"
#include "model/kv_cache.h"
#include "model/pass.h"
#include "model/stored.h"

namespace lockstep::model {

namespace mx = mlx::core;

/// A StoredProjection or StoredFeedForward, ready to run.
class RowMap {
 public:
  virtual ~RowMap() = default;

  /// [R, in] -> [R, out], plus `residual` [R, out] where it is not null.
  virtual mx::array operator()(
      const mx::array& x, const mx::array* residual = nullptr) const = 0;
};

/// Causal self-attention with grouped keys and values and rotary positions,
/// without its projections. Vaswani et al., "Attention Is All You Need" (2017),
/// eq. 1; Ainslie et al., "GQA" (2023); Su et al., "RoFormer" (2021), eq. 34.
class Attention {
 public:
  virtual ~Attention() = default;

  /// Queries, keys and values side by side -> [R, n_heads * head_dim]. Every
  /// part of the pass attends to its own slot only, which takes in its keys
  /// and values.
  virtual mx::array operator()(
      const mx::array& qkv, const Pass& pass, LayerCache& cache) const = 0;
};

/// A table of one row per token, which may serve as the output head too.
class Embedding {
 public:
  virtual ~Embedding() = default;

  virtual mx::array rows(const mx::array& tokens) const = 0; // [R] int32
  /// The head that shares this table: [B, hidden] -> [B, vocab].
  virtual std::unique_ptr<RowMap> head(const RmsNorm& norm) const = 0;
};

/// Makes the parts that models are built from, as one kind of device computes
/// them. Main thread only; what it made may outlive it.
class Parts {
 public:
  virtual ~Parts() = default;

  virtual std::unique_ptr<RowMap> projection(StoredProjection stored) = 0;
  virtual std::unique_ptr<RowMap> feed_forward(StoredFeedForward stored) = 0;
  /// `periods` [rope.dims / 2]: an angle is place / period.
  virtual std::unique_ptr<Attention> attention(
      const checkpoint::LayerConfig& layer,
      const std::vector<double>& periods) = 0;
  virtual std::unique_ptr<Embedding> embedding(StoredLinear table) = 0;

  virtual mx::Dtype activations() const = 0;    // type of hidden states
  virtual std::uint64_t bytes_held() const = 0; // by all parts made so far
};

} // namespace lockstep::model
