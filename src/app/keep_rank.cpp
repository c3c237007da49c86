#include "app/command.h"
#include "launch/keeper.h"

namespace lockstep::app {

void add_keep_rank(CommandLine& program) {
  auto command = program.add_hidden("keep-rank");
  command.does([] { return launch::keep_rank(); });
}

} // namespace lockstep::app
