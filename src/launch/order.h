#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "launch/started_by.h"

namespace lockstep::launch {

/// What a rank on another host is to be. It travels on the stdin of the process
/// that keeps the rank there, so nothing of it is seen in a list of processes.
struct Order {
  std::vector<std::string> argv; // without the program
  Environment environment;       // beside what the host's own gives
  std::string directory;         // where to run; the home if it is not there
};

/// One line of JSON, with its end.
std::string to_line(const Order& order);

/// Throws Error{network} when it is none.
Order parse_order(std::string_view line);

} // namespace lockstep::launch
