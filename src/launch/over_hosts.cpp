#include "launch/over_hosts.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "launch/doors.h"
#include "launch/host_ranks.h"
#include "launch/own_process.h"
#include "launch/run_directory.h"
#include "launch/signals.h"
#include "launch/supervisor.h"
#include "link/tcp.h"

namespace lockstep::launch {

namespace {

Backend backend_of(const HostsOptions& options) {
  const auto wanted = options.backend != Backend::automatic
                          ? options.backend
                          : options.hosts.backend;
  switch (wanted) {
    case Backend::automatic:
    case Backend::ring:
      return Backend::ring;
    case Backend::mpi:
      return Backend::mpi;
    case Backend::nccl:
    case Backend::jaccl:
      break;
  }
  fail(
      ErrorKind::unsupported,
      "back end {} is not started on hosts by lockstep itself, expected ring "
      "or "
      "mpi; mlx.launch --hostfile FILE starts it",
      name_of(wanted));
}

Started start(
    Backend backend,
    const HostRanks& ranks,
    Doors& doors,
    const RunDirectory& directory) {
  return backend == Backend::mpi ? start_mpi_on_hosts(ranks, doors, directory)
                                 : start_ring_on_hosts(ranks, doors);
}

} // namespace

void add_missing_addresses(std::vector<plan::Host>& hosts) {
  const auto other =
      std::find_if(hosts.begin(), hosts.end(), [](const plan::Host& host) {
        return !host.is_here() && !host.ips.empty();
      });
  for (auto& host : hosts) {
    if (!host.ips.empty()) {
      continue;
    }
    if (!host.is_here()) {
      fail(
          ErrorKind::usage,
          "host \"{}\" has no ips in the hosts file, expected the address at "
          "which the others reach it; lockstep hosts finds it",
          host.ssh);
    }
    host.ips = {
        other == hosts.end() ? std::string("127.0.0.1")
                             : link::own_address_towards(other->ips.front())};
  }
}

int run_over_hosts(const HostsOptions& options) {
  const auto backend = backend_of(options);
  open_standard_descriptors();
  // SIGPIPE is not to end us before our ranks.
  const PipeSignalIgnored no_pipe_signal;
  Signals signals;
  const RunDirectory directory;
  Doors doors(directory.path());

  HostRanks ranks;
  ranks.hosts = options.hosts.hosts;
  add_missing_addresses(ranks.hosts);
  ranks.envs = options.hosts.envs;
  if (!options.argv.empty()) {
    ranks.argv.assign(options.argv.begin() + 1, options.argv.end());
  }
  std::error_code no_directory; // then it is the home
  ranks.directory = std::filesystem::current_path(no_directory).string();
  ranks.mask = signals.mask_before();

  SupervisorOptions watching;
  watching.n_ranks = static_cast<int>(ranks.hosts.size());
  watching.start_deadline = options.start_deadline;
  watching.join_deadline = std::chrono::seconds(10);
  watching.rank0_text = options.stdin_text.value_or("");
  for (const auto& host : ranks.hosts) {
    watching.hosts.push_back(host.ssh);
    watching.programs.push_back(program_text(host));
  }
  auto started = start(backend, ranks, doors, directory);
  return Supervisor(watching, doors, signals, std::move(started)).run();
}

} // namespace lockstep::launch
