#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <signal.h>
#include <sys/types.h>

#include "launch/started_by.h"

namespace lockstep::launch {

struct SpawnOptions {
  std::filesystem::path program;
  std::vector<std::string> argv; // argv[0] too
  Environment environment;       // the whole of it
  int stdin_fd = 0;
  int stdout_fd = 1;
  int stderr_fd = 2;
  /// What the child gets when we die, where the system can do that.
  int signal_at_parent_death = SIGKILL;
  sigset_t mask{}; // what the child has blocked
};

/// Starts a program in a process group of its own (so that the terminal's
/// Ctrl-C reaches us alone). Throws Error{network} naming the program when it
/// cannot be executed.
pid_t spawn(const SpawnOptions& options);

} // namespace lockstep::launch
