#pragma once

#include <vector>

#include "app/world_options.h"
#include "engine/places.h"
#include "plan/hosts.h"

namespace lockstep::app {

/// What is known, without starting them, of the ranks that are to be started on
/// this machine: one at least.
std::vector<engine::RankPlace> places_here(const WorldOptions& world);

/// The same of the ranks of a hosts file, as far as it says; each has a device
/// of its own where entries name different hosts.
std::vector<engine::RankPlace> places_of(
    const WorldOptions& world, const plan::Hosts& hosts);

} // namespace lockstep::app
