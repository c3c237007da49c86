#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "mlx/array.h"

#include "checkpoint/checkpoint.h"
#include "checkpoint/config.h"
#include "model/block.h"
#include "model/families/family.h"
#include "model/kv_cache.h"
#include "model/linear.h"
#include "model/norm.h"
#include "model/numerics.h"
#include "model/pass.h"

namespace lockstep::model {

/// What one rank holds of a model: a range of layers; with the first layer the
/// embedding, with the last the final norm and the head. Main thread only.
class Stage {
 public:
  /// Reads this stage's tensors and no others. `on_read` is told the stored
  /// bytes of each. Throws Error{config} or Error{unsupported} naming a tensor.
  Stage(
      const checkpoint::Checkpoint& checkpoint,
      const Family& family,
      const checkpoint::ModelConfig& config,
      const LayerRange& layers,
      const Numerics& numerics,
      std::function<void(std::uint64_t)> on_read = {});

  mx::array embed(const mx::array& tokens) const; // [R] int32 -> [R, hidden]
  mx::array forward(mx::array x, const Pass& pass, KvCache& cache) const;
  mx::array logits(const mx::array& x) const; // [B, hidden] -> [B, vocab] f32

  const LayerRange& layers() const { return layers_; }
  bool has_embedding() const { return embedding_.has_value(); }
  bool has_head() const { return head_.has_value(); }
  const Numerics& numerics() const { return numerics_; }
  std::uint64_t weights_bytes() const { return weights_bytes_; }

 private:
  LayerRange layers_;
  Numerics numerics_;
  std::optional<Embedding> embedding_;
  std::vector<std::unique_ptr<Block>> blocks_;
  std::optional<RmsNorm> norm_;
  std::optional<Linear> head_;
  std::uint64_t weights_bytes_ = 0;
};

} // namespace lockstep::model
