#include <csignal>
#include <memory>
#include <string>

#include "app/command.h"
#include "push/receiver.h"

namespace lockstep::app {

void add_receive(CommandLine& program) {
  auto place = std::make_shared<std::string>();
  auto command = program.add_hidden("receive");
  command.argument("PLACE", *place, "where models lie").required();
  command.does([place] {
    std::signal(SIGPIPE, SIG_IGN);
    return push::receive(*place);
  });
}

} // namespace lockstep::app
