#pragma once

#include "sched/header.h"

namespace lockstep::engine {

/// How long ranks of an idle world sleep between two ticks: a moment at first,
/// then a quarter longer each time up to sched::kMostPauseUs. So what comes
/// after a short break is late by at most about a quarter of that break, and a
/// world that is idle for long costs nearly nothing.
class IdlePause {
 public:
  /// The next pause, in microseconds.
  int next_us();
  /// The world is busy again.
  void reset() { us_ = kFirstUs; }

 private:
  static constexpr int kFirstUs = 100;

  int us_ = kFirstUs;
};

} // namespace lockstep::engine
