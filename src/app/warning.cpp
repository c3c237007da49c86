#include "app/warning.h"

#include "app/output.h"

namespace lockstep::app {

void warn(const engine::Session& session, const world::Group& group) {
  if (group.is_first()) {
    for (const auto& warning : session.warnings()) {
      write_stderr("lockstep: warning: " + warning + "\n");
    }
  }
}

} // namespace lockstep::app
