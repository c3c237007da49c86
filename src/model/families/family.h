#pragma once

#include <memory>

#include "checkpoint/checkpoint.h"
#include "checkpoint/config.h"
#include "model/block.h"
#include "model/parts.h"
#include "model/weights.h"

namespace lockstep::model {

/// A kind of model, by the "model_type" of its config. What differs in numbers
/// is data that `parse` fills in; what differs in wiring is `make_block`.
struct Family {
  const char* name;
  /// Throws Error{config} for a value that is malformed or contradicts another,
  /// Error{unsupported} for one that is understood and not done.
  checkpoint::ModelConfig (*parse)(const checkpoint::Checkpoint& checkpoint);
  std::unique_ptr<Block> (*make_block)(
      const checkpoint::ModelConfig& config,
      int layer,
      Weights& weights,
      Parts& parts);
  /// Marks tensors that checkpoints of this family carry and nobody needs.
  void (*skip_unused)(Weights& weights, const checkpoint::ModelConfig& config);
};

/// The family of a checkpoint, by its config. Throws Error{unsupported} listing
/// the families that are known.
const Family& family_of(const checkpoint::Checkpoint& checkpoint);

} // namespace lockstep::model
