#pragma once

#include <vector>

#include "doctor/finding.h"
#include "launch/started_by.h"

namespace lockstep::doctor {

/// Variables that would disturb ranks, or that they are all right.
std::vector<Finding> environment_findings(
    const launch::Environment& environment);

} // namespace lockstep::doctor
