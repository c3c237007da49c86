#pragma once

#include <string>
#include <vector>

#include "launch/push_hosts.h"

namespace lockstep::app {

/// A line on stderr for each machine that is pushed to; they vanish at the end.
/// Shows nothing when stderr is no terminal.
class PushProgress {
 public:
  PushProgress();
  ~PushProgress();
  PushProgress(const PushProgress&) = delete;
  PushProgress& operator=(const PushProgress&) = delete;

  void show(const std::vector<launch::PushState>& states);

 private:
  void clear();

  int columns_;             // 0 = no terminal
  std::size_t n_lines_ = 0; // on the screen
};

/// What came of a push, a line for each machine.
std::string push_table(const std::vector<launch::PushState>& states);

} // namespace lockstep::app
