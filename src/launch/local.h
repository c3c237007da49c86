#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/backend.h"
#include "launch/started_by.h"

namespace lockstep::launch {

struct LocalOptions {
  int n_ranks = 2;
  /// mpi, ring or nccl; automatic takes mpi where it works, else ring.
  Backend backend = Backend::automatic;
  /// The ranks' command line; argv[0] is replaced by `program`.
  std::vector<std::string> argv;
  /// Empty: our own executable.
  std::filesystem::path program;
  /// Text for rank 0's stdin. Without it, and for all others: /dev/null.
  std::optional<std::string> stdin_text;
  /// Variables for the ranks beside those they inherit.
  Environment environment;
  /// From the start until every rank has said hello.
  std::chrono::milliseconds start_deadline = std::chrono::seconds(30);
};

/// Starts the ranks on this machine, watches them, and returns the exit code
/// of the whole when none of them is left: 0; a failed rank's own code; 71 when
/// a rank was lost; 69 when one did not start; 130, 143, 129 after SIGINT,
/// SIGTERM, SIGHUP; 141 when nobody reads our stdout any more. What went wrong
/// is told in one line on stderr. Ranks write to our stdout and stderr.
///
/// Ranks must speak link::Lifeline. They see LOCKSTEP_TERMINAL=<columns> when
/// our stderr is a terminal.
///
/// Call it from the main thread before others are started. When this process
/// is killed, the ranks end by themselves. Throws Error{network} when nothing
/// could be started (mpirun missing, no port), Error{usage} for bad options.
int run_local(const LocalOptions& options);

/// The absolute path of this program.
std::filesystem::path self_path();

} // namespace lockstep::launch
