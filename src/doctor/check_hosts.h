#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/backend.h"
#include "doctor/finding.h"
#include "plan/hosts.h"

namespace lockstep::doctor {

struct HostsQuestion {
  std::filesystem::path file; // what `hosts` was read from
  plan::Hosts hosts;
  Backend backend = Backend::automatic; // asked for, before what the file says
  std::string version;                  // of this program
  std::string mlx;
  std::string model; // empty: none
  /// Told how much is done, 0 … 1.
  std::function<void(double)> on_step;
};

/// Looks at the machines of a hosts file and this one, each by the lockstep
/// that lies there, at the links between them, and whether they form a world.
/// Findings come host by host, those of all together last.
///
/// Main thread, while no other runs. Throws Error{usage} for a hosts file that
/// lacks what ranks need, Error{interrupted}, Error{network} when there is no
/// ssh.
std::vector<Finding> check_hosts(const HostsQuestion& question);

} // namespace lockstep::doctor
