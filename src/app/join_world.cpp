#include <memory>

#include "app/command.h"
#include "app/rank.h"

namespace lockstep::app {

namespace {

/// What `lockstep doctor` tries a world with: its ranks have met, and leave.
int meet(const world::Group&, link::Lifeline&) {
  return 0;
}

} // namespace

void add_join_world(CommandLine& program, const Arguments& argv) {
  auto options = std::make_shared<WorldOptions>();
  auto command = program.add_hidden("join-world");
  add_world_options(command, *options);
  command.does([options, argv] {
    WorldCommand world;
    world.world = *options;
    world.argv = argv;
    world.check = [](int) { return std::nullopt; };
    world.run = meet;
    // Before doctor has no more patience, so that it hears who is missing.
    world.start_deadline = std::chrono::seconds(15);
    return run_over_ranks(world);
  });
}

} // namespace lockstep::app
