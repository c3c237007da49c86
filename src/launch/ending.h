#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "launch/process.h"
#include "launch/start.h"

namespace lockstep::launch {

/// Ends processes, politely at first. Time is given, so that a test can make
/// it pass.
class Ending {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Ranks that are not our children are known by their identity.
  Ending(std::vector<ProcessIdentity> ranks, Time now);

  /// Sends what is due now. `children` whose status is known are done.
  void step(const std::vector<Child>& children, Time now);
  /// No more patience: kill at the next step.
  void hurry() { hurried_ = true; }

  /// No process is left.
  bool is_over(const std::vector<Child>& children) const;
  /// Even killing did not help; nothing more can be done.
  bool is_hopeless(Time now) const;
  /// The numbers of those that are left.
  std::string left(const std::vector<Child>& children) const;

 private:
  std::vector<ProcessIdentity> ranks_;
  Time began_;
  bool asked_ = false;
  bool hurried_ = false;
};

} // namespace lockstep::launch
