#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "app/command.h"
#include "app/world_options.h"
#include "link/lifeline.h"
#include "world/group.h"

namespace lockstep::app {

/// How a command runs over ranks.
struct WorldCommand {
  WorldOptions world;
  Arguments argv; // of this process
  /// In the process that starts ranks, before it does: refuses what cannot
  /// work on so many ranks (0: nobody said), so that the user hears of it once
  /// and at once. May return text for rank 0's stdin.
  std::function<std::optional<std::string>(int n_ranks)> check;
  /// On each rank. Returns the exit code.
  std::function<int(const world::Group&, link::Lifeline&)> run;
  /// Until every rank that was started has said hello; nothing: as usual.
  std::optional<std::chrono::milliseconds> start_deadline{};
};

/// Runs a command: as one rank alone, as the rank that a launcher made of this
/// process, or by starting ranks here and waiting for them. Returns the exit
/// code, or ends the process with it: after an error in a group nothing else is
/// safe.
int run_over_ranks(const WorldCommand& command);

/// What a command that runs over ranks does, from its options (with a member
/// `world`) and its two halves, WorldCommand's `check` and `run`.
template <class Options>
Action action_over_ranks(
    std::shared_ptr<Options> options,
    Arguments argv,
    std::optional<std::string> (*check)(Options&),
    int (*run)(const Options&, const world::Group&, link::Lifeline&)) {
  return [options, argv = std::move(argv), check, run] {
    return run_over_ranks(
        {options->world,
         argv,
         [&](int n_ranks) {
           options->world.n_ranks = n_ranks;
           return check(*options);
         },
         [&](const world::Group& group, link::Lifeline& lifeline) {
           return run(*options, group, lifeline);
         }});
  };
}

} // namespace lockstep::app
