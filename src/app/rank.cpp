#include "app/rank.h"

#include <csignal>
#include <exception>

#include <fmt/format.h>
#include <unistd.h>

#include "app/exit_codes.h"
#include "app/output.h"
#include "base/error.h"
#include "launch/local.h"
#include "launch/over_hosts.h"
#include "launch/seat.h"
#include "launch/started_by.h"
#include "plan/hosts.h"
#include "world/devices.h"
#include "world/exchange_kind.h"
#include "world/start_check.h"

namespace lockstep::app {

namespace {

using launch::StartedBy;

/// The last words of a rank; does not return.
[[noreturn]] void die(
    link::Lifeline& lifeline, int code, const std::string& text) {
  lifeline.goodbye(code, text);
  if (!lifeline.is_heard() && !text.empty()) {
    write_stderr("lockstep: " + text + "\n");
  }
  // Not exit(): its destructors would wait for peers that may be gone.
  ::_exit(code);
}

void check_agreement(const WorldOptions& options, const StartedBy& started) {
  if (options.n_ranks > 0 && options.n_ranks != started.size) {
    fail(
        ErrorKind::usage,
        "-n is {} and the launcher started {} ranks; leave -n out",
        options.n_ranks,
        started.size);
  }
  if (options.backend != Backend::automatic &&
      options.backend != started.backend) {
    fail(
        ErrorKind::usage,
        "--backend is {} and the launcher set up {}; leave --backend out",
        name_of(options.backend),
        name_of(started.backend));
  }
}

/// With a GPU for each rank NCCL joins them.
Backend backend_for(const WorldOptions& options) {
  return options.backend == Backend::automatic &&
                 world::n_nccl_gpus() >= options.n_ranks
             ? Backend::nccl
             : options.backend;
}

int run_as_rank(const WorldCommand& command, const StartedBy& started) {
  auto lifeline = link::Lifeline::from_environment();
  try {
    check_agreement(command.world, started);
    lifeline.hello(started.rank, started.size);
    lifeline.set_phase("joining the group");
    auto seat = launch::Seat::from(launch::current_environment());
    const auto where = lifeline.await_turn(seat ? seat->port() : 0);
    if (seat) {
      seat->take(where);
    }
    world::require_device();
    lifeline.set_step(link::Step::join);
    const auto group = started.size == 1
                           ? world::Group::alone()
                           : world::Group::join(started.backend, started.size);
    // Some back ends connect no sooner than for the first collective.
    world::check_same_versions(group, LOCKSTEP_VERSION);
    lifeline.set_step(link::Step::none);
    const int code = command.run(group, lifeline);
    lifeline.goodbye(code, "");
    if (started.backend != Backend::mpi) {
      ::_exit(code);
    }
    return code; // MPI wants to be finalized
  } catch (const Error& e) {
    die(lifeline,
        exit_code(e.kind()),
        e.kind() == ErrorKind::closed ? "" : e.what());
  } catch (const std::exception& e) {
    die(lifeline,
        exit_code(ErrorKind::internal),
        fmt::format("rank {}: {}", started.rank, e.what()));
  }
}

int run_on_hosts(const WorldCommand& command) {
  launch::HostsOptions options;
  options.hosts = plan::read_hosts(command.world.hosts_file);
  const auto n_hosts = static_cast<int>(options.hosts.hosts.size());
  if (command.world.n_ranks > 0 && command.world.n_ranks != n_hosts) {
    fail(
        ErrorKind::usage,
        "-n is {} and {} lists {} hosts; leave -n out, or list a host again "
        "for "
        "another rank on it",
        command.world.n_ranks,
        command.world.hosts_file,
        n_hosts);
  }
  options.stdin_text = command.check(n_hosts);
  options.backend = command.world.backend;
  options.argv = command.argv;
  options.start_deadline =
      command.start_deadline.value_or(options.start_deadline);
  return launch::run_over_hosts(options);
}

} // namespace

int run_over_ranks(const WorldCommand& command) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto started = launch::started_by(launch::current_environment());
  if (started.is_rank()) {
    return run_as_rank(command, started);
  }
  world::check_carries(command.world.backend, command.world.exchange);
  if (!command.world.hosts_file.empty()) {
    return run_on_hosts(command);
  }
  auto stdin_text = command.check(command.world.n_ranks);
  // One rank needs no back end, whatever was asked for.
  if (command.world.n_ranks > 1) {
    launch::LocalOptions options;
    options.n_ranks = command.world.n_ranks;
    options.backend = backend_for(command.world);
    options.argv = command.argv;
    options.stdin_text = std::move(stdin_text);
    options.start_deadline =
        command.start_deadline.value_or(options.start_deadline);
    return launch::run_local(options);
  }
  world::require_device();
  auto lifeline = link::Lifeline::from_environment();
  return command.run(world::Group::alone(), lifeline);
}

} // namespace lockstep::app
