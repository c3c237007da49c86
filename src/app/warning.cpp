#include "app/warning.h"

#include "app/output.h"

namespace lockstep::app {

void warn(const engine::Session& session, const world::Group& group) {
  if (group.is_first() && !session.warning().empty()) {
    write_stderr("lockstep: warning: " + session.warning() + "\n");
  }
}

} // namespace lockstep::app
