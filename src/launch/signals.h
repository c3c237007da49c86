#pragma once

#include <vector>

#include <signal.h>

#include "link/descriptor.h"

namespace lockstep::launch {

/// SIGINT, SIGTERM, SIGHUP and SIGCHLD as something to poll. While one lives
/// they are blocked in this thread, so make it before other threads start; at
/// its end they are as before. A signal that was ignored (nohup) stays so.
class Signals {
 public:
  /// Throws Error{internal} when the system refuses.
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Readable when a signal came.
  int fd() const { return fd_.get(); }
  /// The numbers that came since the last call. Does not block.
  std::vector<int> take();

  /// What was blocked before: children start with it.
  const sigset_t& mask_before() const { return before_; }

 private:
  sigset_t watched_;
  sigset_t before_;
  struct sigaction child_before_{};
  link::Descriptor fd_;
};

} // namespace lockstep::launch
