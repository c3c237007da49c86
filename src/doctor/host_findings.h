#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "doctor/finding.h"
#include "doctor/host_report.h"
#include "plan/hosts.h"

namespace lockstep::doctor {

// What can be said of machines that are to work together. All of it rests on
// what is given alone.

/// A machine that takes part, once, however many ranks it has.
struct Machine {
  plan::Host host;          // of its first rank; all with an address
  int n_ranks = 0;          // 0: it only starts the others
  std::uint64_t memory = 0; // that its ranks may take, together
  std::vector<int> ports;   // that they are to listen on
};

/// The machines of a hosts file in the order of their first ranks.
std::vector<Machine> machines_of(const std::vector<plan::Host>& ranks);

/// A machine that gave no report, from launch/remote's line about it. `end` says
/// how what was run there ended.
Finding missing(
    const std::string& host, const std::string& failure, int exit_code);

/// One machine against what the hosts file says of it and `ours`: the version of
/// the launcher, the kind of the first host.
std::vector<Finding> compare(
    const Machine& machine, const Identity& its, const Identity& ours);

/// The model of each machine against the first one's that has it.
std::vector<Finding> compare_models(
    const std::vector<std::pair<std::string, std::string>>& fingerprints);

/// A clock that is so many seconds ahead of ours.
Finding clock_of(const std::string& host, double seconds);

/// What came of listening at an address of the hosts file.
std::optional<Finding> address_of(
    const std::string& host, const std::string& ip, const std::string& failure);
Finding port_of(const std::string& host, int port, const std::string& failure);

} // namespace lockstep::doctor
