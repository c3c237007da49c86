#pragma once

#include "checkpoint/checkpoint.h"
#include "checkpoint/config.h"
#include "engine/memory.h"
#include "model/parts.h"

namespace lockstep::engine {

/// What a stage is to be made of and to work on.
struct StageWork {
  const checkpoint::Checkpoint& checkpoint;
  const checkpoint::ModelConfig& config;
  const model::Parts& parts;
  checkpoint::LayerRange layers;
  int n_ranks = 1;
  int rows = 0;     // most of one tick
  int n_wanted = 0; // most of them at which logits are wanted
};

/// What the rank needs that has this stage, before anything of it is there.
MemoryNeeds needs_of(const StageWork& work);

} // namespace lockstep::engine
