#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "doctor/finding.h"
#include "doctor/host_findings.h"
#include "doctor/link_probe.h"

namespace lockstep::doctor {

// What can be said of the ways between machines, by what was tried.

/// An attempt to connect from one machine to an address of another.
struct Reach {
  std::size_t from = 0;
  std::size_t to = 0;
  std::string ip;
  std::string failure; // empty: it works
};
/// By machine that connects, a line for all that it reaches and one for each
/// that it does not.
std::vector<Finding> reach_findings(
    const std::vector<Machine>& machines,
    const std::vector<std::string>& systems, // of the machines: "Linux"
    const std::vector<Reach>& reaches);

/// A link of the ring.
Finding link_of(
    const std::string& from, const std::string& to, const LinkSpeed& speed);

/// Links in rounds in which no machine has more than one of them.
using Link = std::pair<std::size_t, std::size_t>; // from, to
std::vector<std::vector<Link>> rounds_of(const std::vector<Link>& links);

} // namespace lockstep::doctor
