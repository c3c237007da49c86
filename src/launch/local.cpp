#include "launch/local.h"

#include <fcntl.h>
#include <signal.h>

#include "base/error.h"
#include "launch/doors.h"
#include "launch/mpi.h"
#include "launch/own_process.h"
#include "launch/run_directory.h"
#include "launch/signals.h"
#include "launch/start.h"
#include "launch/supervisor.h"
#include "launch/terminal.h"
#include "link/lifeline.h"
#include "plan/host_names.h"

namespace lockstep::launch {

namespace {

constexpr int kMostRanks = 256;

RankProgram rank_program(
    const LocalOptions& options,
    const std::string& lifeline,
    const sigset_t& mask) {
  RankProgram ranks;
  ranks.n_ranks = options.n_ranks;
  ranks.program = options.program.empty() ? self_path() : options.program;
  ranks.argv = options.argv;
  if (ranks.argv.empty()) {
    ranks.argv.emplace_back();
  }
  ranks.argv[0] = ranks.program.string();
  ranks.mask = mask;
  // What other launchers told us is not about our ranks: an interactive shell
  // inside an allocation, say, has Slurm's variables.
  for (const auto& [name, value] : current_environment()) {
    if (!plan::is_launchers_variable(name)) {
      ranks.environment[name] = value;
    }
  }
  auto own = options.environment;
  own[link::kLifelineVariable] = lifeline;
  if (const int columns = terminal_columns(); columns > 0) {
    own[kTerminalVariable] = std::to_string(columns);
  }
  for (const auto& [name, value] : own) {
    ranks.environment[name] = value;
    ranks.own_variables.push_back(name);
  }
  return ranks;
}

Started start_mpi_or_ring(
    const RankProgram& ranks, const RunDirectory& directory, int stdin_fd) {
  OpenMpi open_mpi;
  try {
    open_mpi = require_open_mpi();
  } catch (const Error&) {
    return start_ring(ranks, directory, stdin_fd);
  }
  return start_mpi(ranks, open_mpi, directory);
}

Started start(
    Backend backend,
    const RankProgram& ranks,
    const RunDirectory& directory,
    int stdin_fd) {
  switch (backend) {
    case Backend::automatic:
      return start_mpi_or_ring(ranks, directory, stdin_fd);
    case Backend::mpi:
      return start_mpi(ranks, require_open_mpi(), directory);
    case Backend::ring:
      return start_ring(ranks, directory, stdin_fd);
    case Backend::nccl:
      return start_nccl(ranks, stdin_fd);
    case Backend::jaccl:
      break;
  }
  fail(
      ErrorKind::usage,
      "back end jaccl joins several Macs by Thunderbolt, not ranks on one "
      "machine; expected auto, mpi, ring or nccl");
}

} // namespace

int run_local(const LocalOptions& options) {
  if (options.n_ranks < 1 || options.n_ranks > kMostRanks) {
    fail(
        ErrorKind::usage,
        "{} ranks cannot be started, expected 1 to {}",
        options.n_ranks,
        kMostRanks);
  }
  open_standard_descriptors();
  // SIGPIPE is not to end us before our ranks.
  const PipeSignalIgnored no_pipe_signal;
  Signals signals;
  const RunDirectory directory;
  Doors doors(directory.path());

  const auto input = options.stdin_text
                         ? directory.write("stdin", *options.stdin_text)
                         : std::filesystem::path("/dev/null");
  const link::Descriptor rank0_stdin(
      ::open(input.c_str(), O_RDONLY | O_CLOEXEC));

  SupervisorOptions watching;
  watching.n_ranks = options.n_ranks;
  watching.start_deadline = options.start_deadline;
  watching.rank0_stdin = rank0_stdin.get();
  auto started = start(
      options.backend,
      rank_program(options, doors.local_address(), signals.mask_before()),
      directory,
      rank0_stdin.get());
  return Supervisor(watching, doors, signals, std::move(started)).run();
}

} // namespace lockstep::launch
