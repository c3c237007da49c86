#pragma once

#include <vector>

#include "checkpoint/checkpoint.h"
#include "engine/setup.h"
#include "engine/stage_probe.h"
#include "plan/predict.h"
#include "world/group.h"

namespace lockstep::engine {

/// What the ranks of a world measured of themselves; the same on all of them.
struct Measured {
  plan::WorldTimes times;   // all but the exchanges'
  std::vector<int> threads; // by rank; 0 = as many as MLX takes
};

/// Collective (world/collectives' trial): each rank times real layers of its
/// share of the model, first one rank after the other, run by run, while those
/// that wait stand in a collective as they do while a token goes round; then all
/// at the same time, as with many tokens under way. Takes about a second.
/// Throws Error{peer_lost}, and Error{diverged} when what a rank tells is no
/// time.
Measured measure_ranks(
    const world::Group& group,
    const checkpoint::Checkpoint& checkpoint,
    const Setup& setup,
    StageProbe& probe,
    int n_streams);

} // namespace lockstep::engine
