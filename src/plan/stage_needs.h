#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/config.h"
#include "plan/partition.h"

namespace lockstep::plan {

/// Bytes that a rank takes for its stage.
struct StageNeeds {
  std::uint64_t weights = 0;
  /// The program itself, and what a tick puts between its steps.
  std::uint64_t work = 0;
  std::uint64_t reading = 0; // on top while weights are read; no cache then
  std::uint64_t page = 0;    // one page of keys and values, in all its layers

  std::uint64_t fixed() const { return weights + work; }
  /// All of it, with so many pages.
  std::uint64_t total(std::uint64_t n_pages) const {
    return fixed() + std::max(reading, n_pages * page);
  }
  /// What no rank can do with less: one page.
  std::uint64_t least() const { return total(1); }
};

/// What is to be done with a model.
struct ModelWork {
  std::vector<std::uint64_t>
      page_bytes; // of a page of keys and values, by layer
  int n_ranks = 1;
  int rows = 0;     // most of one tick
  int n_wanted = 0; // most of them at which logits are wanted
};

/// What stages of a model need, before anything of them is there; by the
/// checkpoint's real sizes, tensor by tensor.
class MemoryModel {
 public:
  MemoryModel(
      const checkpoint::Checkpoint& checkpoint,
      const checkpoint::ModelConfig& config,
      ModelWork work);

  StageNeeds needs_of(const checkpoint::LayerRange& layers) const;
  int n_layers() const { return static_cast<int>(work_.page_bytes.size()); }

 private:
  std::uint64_t weights_of(const checkpoint::LayerRange& layers) const;
  std::uint64_t widest_row(const checkpoint::LayerRange& layers) const;

  ModelWork work_;
  Costs stored_;                // bytes of layers and head
  std::uint64_t embedding_ = 0; // bytes
  std::uint64_t own_head_ = 0;  // bytes of a head that is no embedding
  std::vector<int> widths_;     // values between the steps of a layer, per row
  std::uint64_t hidden_ = 0;
  std::uint64_t vocab_ = 0;
};

} // namespace lockstep::plan
