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
#include "model/parts.h"
#include "model/pass.h"
#include "model/weights.h"

namespace lockstep::model {

/// What one rank holds of a model: a range of layers; with the first layer the
/// embedding, with the last the final norm and the head. Main thread only.
class Stage {
 public:
  /// Reads this stage's tensors and no others, and makes its layers of `parts`.
  /// `on_read` is told the stored bytes of each tensor. Throws Error{config} or
  /// Error{unsupported} naming a tensor.
  Stage(
      const checkpoint::Checkpoint& checkpoint,
      const Family& family,
      const checkpoint::ModelConfig& config,
      const LayerRange& layers,
      Parts& parts,
      std::function<void(std::uint64_t)> on_read = {});
  /// The same from these weights.
  Stage(
      Weights weights,
      const Family& family,
      const checkpoint::ModelConfig& config,
      const LayerRange& layers,
      Parts& parts);

  mx::array embed(const mx::array& tokens) const; // [R] int32 -> [R, hidden]
  /// `cache` is one of make_cache().
  mx::array forward(mx::array x, const Pass& pass, KvCache& cache) const;
  mx::array logits(const mx::array& x) const; // [B, hidden] -> [B, vocab] f32

  std::unique_ptr<KvCache> make_cache(int n_slots) const {
    return caches_.make(n_slots);
  }
  bool shares_pages() const { return caches_.shares_pages; }

  const LayerRange& layers() const { return layers_; }
  bool has_embedding() const { return embedding_ != nullptr; }
  bool has_head() const { return head_ != nullptr; }
  mx::Dtype activations() const { return activations_; }
  std::uint64_t weights_bytes() const { return weights_bytes_; }

 private:
  void make_head(
      const checkpoint::ModelConfig& config, Weights& weights, Parts& parts);

  LayerRange layers_;
  mx::Dtype activations_;
  std::unique_ptr<Embedding> embedding_;
  std::vector<std::unique_ptr<Block>> blocks_;
  std::unique_ptr<RowMap> head_; // behind the final norm
  CacheMaker caches_;
  std::uint64_t weights_bytes_ = 0;
};

} // namespace lockstep::model
