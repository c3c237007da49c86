#pragma once

#include "engine/session.h"
#include "world/group.h"

namespace lockstep::app {

/// Tells the user, once for all ranks, what a session warns of.
void warn(const engine::Session& session, const world::Group& group);

} // namespace lockstep::app
