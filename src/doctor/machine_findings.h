#pragma once

#include <vector>

#include "doctor/finding.h"
#include "doctor/machine.h"

namespace lockstep::doctor {

/// What can be said of a machine without lockstep on it.
std::vector<Finding> system_findings(const launch::HostFacts& system);

/// What there is to say of one machine. Looks at nothing but the facts.
std::vector<Finding> machine_findings(const MachineFacts& facts);

} // namespace lockstep::doctor
