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

void check_devices(const std::vector<plan::Host>& hosts) {
  for (const auto& host : hosts) {
    if (host.rdma.empty()) {
      fail(
          ErrorKind::usage,
          "host \"{}\" has no rdma in the hosts file, expected the devices "
          "that lead to each other host, which jaccl needs; "
          "mlx.distributed_config writes them",
          host.ssh);
    }
  }
}

Backend backend_of(const HostsOptions& options) {
  const auto wanted = options.backend != Backend::automatic
                          ? options.backend
                          : options.hosts.backend;
  if (wanted == Backend::jaccl) {
    check_devices(options.hosts.hosts);
  }
  // It needs nothing but ssh.
  return wanted == Backend::automatic ? Backend::ring : wanted;
}

Started start(
    Backend backend,
    const HostRanks& ranks,
    Doors& doors,
    const RunDirectory& directory) {
  return backend == Backend::mpi ? start_mpi_on_hosts(ranks, doors, directory)
                                 : start_seats_on_hosts(ranks, backend, doors);
}

// GPUs of several machines take their time to find each other.
std::chrono::milliseconds join_deadline_of(Backend backend) {
  return backend == Backend::nccl ? std::chrono::seconds(60)
                                  : std::chrono::seconds(10);
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
  ranks.jaccl_ring = options.hosts.jaccl_ring;
  if (!options.argv.empty()) {
    ranks.argv.assign(options.argv.begin() + 1, options.argv.end());
  }
  std::error_code no_directory; // then it is the home
  ranks.directory = std::filesystem::current_path(no_directory).string();
  ranks.mask = signals.mask_before();

  SupervisorOptions watching;
  watching.n_ranks = static_cast<int>(ranks.hosts.size());
  watching.start_deadline = options.start_deadline;
  watching.join_deadline = join_deadline_of(backend);
  watching.rank0_text = options.stdin_text.value_or("");
  for (const auto& host : ranks.hosts) {
    watching.hosts.push_back(host.ssh);
    watching.programs.push_back(program_text(host));
  }
  auto started = start(backend, ranks, doors, directory);
  return Supervisor(watching, doors, signals, std::move(started)).run();
}

} // namespace lockstep::launch
