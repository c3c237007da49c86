#pragma once

#include <string>

#include "app/world_options.h"
#include "checkpoint/checkpoint.h"

namespace lockstep::app {

/// Opens a model as a rank would, but for its weights, and refuses what cannot
/// work on the ranks that are to be started here (none = 1). Throws Error.
void check_model(const std::string& model, const WorldOptions& world);
void check_model(
    const checkpoint::Checkpoint& checkpoint, const WorldOptions& world);

} // namespace lockstep::app
