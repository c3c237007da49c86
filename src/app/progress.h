#pragma once

#include <chrono>
#include <string>

namespace lockstep::app {

/// A bar on stderr that follows long work and vanishes when it is done. Shows
/// nothing when stderr is no terminal, or while the work is young.
class ProgressBar {
 public:
  /// `label` stands before the bar: "loading".
  explicit ProgressBar(std::string label);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(double share); // 0 … 1
  void clear();            // takes the bar off the screen

 private:
  std::string label_;
  int columns_; // 0 = no terminal
  bool visible_ = false;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point shown_;
};

} // namespace lockstep::app
