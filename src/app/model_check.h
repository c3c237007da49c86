#pragma once

#include <string>

#include "checkpoint/checkpoint.h"

namespace lockstep::app {

/// Opens a model as a rank would, but for its weights, and refuses what cannot
/// work on so many ranks (0 = 1). Throws Error.
void check_model(const std::string& model, int n_ranks);
void check_model(const checkpoint::Checkpoint& checkpoint, int n_ranks);

} // namespace lockstep::app
