#pragma once

#include <string>
#include <vector>

#include "doctor/finding.h"

namespace lockstep::app {

/// Findings for people: a block for each host, in the order in which they come,
/// a line for each finding, what to do below it, and a line that counts. With
/// colours when `is_coloured`.
std::string findings_text(
    const std::vector<doctor::Finding>& findings, bool is_coloured);

} // namespace lockstep::app
