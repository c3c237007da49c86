#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "launch/host_facts.h"
#include "plan/hosts.h"

namespace lockstep::launch {

/// What came of asking one host.
struct HostAnswer {
  std::string ssh;
  std::optional<HostFacts> facts;
  std::string failure; // without facts: why, and what to do, in one line
};

/// Asks all hosts at once what they are, through ssh where it is not this
/// machine. Nothing of ours needs to be there. Of several hosts each must have
/// an address that the others can reach. Throws as run_on_hosts does.
std::vector<HostAnswer> ask_hosts(
    const std::vector<std::string>& hosts, std::chrono::milliseconds deadline);

/// What a hosts file says of hosts that have all answered.
struct MadeHosts {
  plan::Hosts hosts;
  std::vector<std::string> warnings; // one line each
};

/// One rank on each of `ranks`, names that may repeat, of which `answers` has
/// each once: with the address at which the others reach it, and the memory
/// that is free there now, shared by the ranks of a host unless each has a GPU.
/// Throws Error{usage} when two hosts have the same address.
MadeHosts make_hosts(
    const std::vector<std::string>& ranks,
    const std::vector<HostAnswer>& answers);

} // namespace lockstep::launch
