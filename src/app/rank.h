#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/world_options.h"
#include "link/lifeline.h"
#include "world/group.h"

namespace lockstep::app {

/// How a command runs over ranks.
struct WorldCommand {
  WorldOptions world;
  std::vector<std::string> argv; // of this process
  /// In the process that starts ranks, before it does: refuses what cannot
  /// work, so that the user hears of it once and at once. May return text for
  /// rank 0's stdin.
  std::function<std::optional<std::string>()> check;
  /// On each rank. Returns the exit code.
  std::function<int(const world::Group&, link::Lifeline&)> run;
};

/// Runs a command: as one rank alone, as the rank that a launcher made of this
/// process, or by starting ranks here and waiting for them. Returns the exit
/// code, or ends the process with it: after an error in a group nothing else is
/// safe.
int run_over_ranks(const WorldCommand& command);

} // namespace lockstep::app
