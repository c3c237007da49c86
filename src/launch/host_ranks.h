#pragma once

#include <string>
#include <vector>

#include <signal.h>

#include "base/backend.h"
#include "launch/doors.h"
#include "launch/host_place.h"
#include "launch/order.h"
#include "launch/run_directory.h"
#include "launch/start.h"
#include "plan/hosts.h"

namespace lockstep::launch {

/// What starting ranks on hosts needs.
struct HostRanks {
  std::vector<plan::Host> hosts; // all with an address
  std::vector<std::string> envs; // "NAME=VALUE" for each
  std::vector<std::string> argv; // without the program
  bool jaccl_ring = false;
  std::string directory; // ours
  sigset_t mask{};
};

/// A host that is this machine needs no address in a file: it gets the one that
/// it has on the way to the others. Throws Error{usage} for another without one,
/// Error{network} when there is no way.
void add_missing_addresses(std::vector<plan::Host>& hosts);

/// What rank `rank` must find in its environment whatever joins the ranks,
/// but the run's secret.
Environment environment_of(const HostRanks& ranks, int rank, Doors& doors);

/// A keeper on each host (launch/keeper), over ssh or here, and for its rank a
/// seat (launch/seat) in a group over ring, nccl or jaccl.
Started start_seats_on_hosts(
    const HostRanks& ranks, Backend backend, Doors& doors);

/// mpirun here, its daemons on the hosts over ssh.
Started start_mpi_on_hosts(
    const HostRanks& ranks, Doors& doors, const RunDirectory& directory);

} // namespace lockstep::launch
