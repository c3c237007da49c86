#pragma once

#include "base/error.h"

namespace lockstep::app {

/// What the process returns to the shell for each kind of error; the list is
/// in README.md.
int exit_code(ErrorKind kind);

} // namespace lockstep::app
