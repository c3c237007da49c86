#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/backend.h"
#include "plan/hosts.h"

namespace lockstep::launch {

struct HostsOptions {
  plan::Hosts hosts; // rank i on hosts.hosts[i]
  /// mpi or ring; automatic takes what the hosts file says, else ring.
  Backend backend = Backend::automatic;
  /// The ranks' command line; argv[0] is replaced by each host's program.
  std::vector<std::string> argv;
  /// Text for rank 0's stdin. Without it, and for all others: nothing.
  std::optional<std::string> stdin_text;
  /// From the start until every rank has said hello.
  std::chrono::milliseconds start_deadline = std::chrono::seconds(12);
};

/// Starts a rank on each host, watches them, and returns the exit code of the
/// whole when none of them is left, as run_local does; 69 with the host's name
/// also when a host cannot be reached. Rank 0 writes to our stdout and stderr,
/// the others behind their names.
///
/// On a host the program lies in bin/ of the host's `dir`; without one where
/// lockstep push brought it, or where ours lies. It runs in our directory where
/// the host has one of that name. Ranks get no
/// other environment than the hosts file's `envs` and what they need to find
/// each other. A host that is this machine is not asked over ssh.
///
/// Call it from the main thread before others are started. When this process
/// is killed or the way to a host is cut, the ranks there end by themselves.
/// Throws Error{network} when nothing could be started, Error{usage} for a
/// hosts file that lacks what the back end needs.
int run_over_hosts(const HostsOptions& options);

} // namespace lockstep::launch
