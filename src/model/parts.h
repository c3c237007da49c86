#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "mlx/array.h"

#include "model/kv_cache.h"
#include "model/pass.h"
#include "model/stored.h"

namespace lockstep::model {

namespace mx = mlx::core;

/// A StoredProjection, ready to run.
class RowMap {
 public:
  virtual ~RowMap() = default;

  virtual mx::array operator()(
      const mx::array& x) const = 0; // [R, in], [R, out]
};

/// One layer of a model: what families differ in when data cannot say it.
class Block {
 public:
  virtual ~Block() = default;

  /// [R, hidden] -> [R, hidden]. Every part of the pass attends to its own slot
  /// only, which takes in its keys and values. `cache` was made by the Parts
  /// that this block is from and has begun `pass`; in it the block is layer
  /// `layer`, counted from the stage's first.
  virtual mx::array operator()(
      const mx::array& x,
      const Pass& pass,
      KvCache& cache,
      int layer) const = 0;
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
  virtual std::unique_ptr<Block> block(StoredBlock stored) = 0;
  virtual std::unique_ptr<Embedding> embedding(StoredLinear table) = 0;

  /// Caches for so many consecutive layers.
  virtual CacheMaker caches(
      const std::vector<checkpoint::LayerConfig>& layers) const = 0;

  virtual mx::Dtype activations() const = 0;    // type of hidden states
  virtual std::uint64_t bytes_held() const = 0; // by all parts made so far
};

} // namespace lockstep::model
