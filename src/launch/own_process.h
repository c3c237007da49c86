#pragma once

#include <string>

#include <signal.h>

namespace lockstep::launch {

// What a process must be like before it starts others.

/// While one lives, writing to a closed pipe is an error and no longer ends us.
class PipeSignalIgnored {
 public:
  PipeSignalIgnored();
  ~PipeSignalIgnored();
  PipeSignalIgnored(const PipeSignalIgnored&) = delete;
  PipeSignalIgnored& operator=(const PipeSignalIgnored&) = delete;

 private:
  struct sigaction before_{};
};

/// Opens those of stdin, stdout and stderr that are closed, on /dev/null: the
/// next file would take their place.
void open_standard_descriptors();

/// Goes to a directory; where there is none of that name, home. Throws
/// Error{network} when there is nowhere to go.
void enter_directory(const std::string& directory);

} // namespace lockstep::launch
