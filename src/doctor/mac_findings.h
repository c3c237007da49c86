#pragma once

#include <string_view>
#include <vector>

#include "doctor/finding.h"
#include "doctor/machine.h"

namespace lockstep::doctor {

/// What Macs alone have.
std::vector<Finding> mac_findings(const MachineFacts& facts);

/// Minutes until a Mac sleeps by itself, from what pmset -g prints; 0 = never,
/// or it does not say.
int minutes_to_sleep(std::string_view settings);

} // namespace lockstep::doctor
