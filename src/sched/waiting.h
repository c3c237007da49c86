#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "sched/request.h"

namespace lockstep::sched {

/// Bounds of what waits for a slot.
struct WaitingOptions {
  std::size_t most_requests = 1024;
  std::int64_t most_tokens = std::int64_t{1} << 24; // of their prompts
};

/// Requests that have no slot yet, in the order they came.
class Waiting {
 public:
  explicit Waiting(const WaitingOptions& options) : options_(options) {}

  /// Throws Error{full} when too much waits already; a single request may be of
  /// any size.
  void add(Request request);
  bool remove(RequestId id); // whether it was there

  bool empty() const { return requests_.empty(); }
  int size() const { return static_cast<int>(requests_.size()); }
  const Request& at(int i) const { // 0 has waited longest
    return requests_[static_cast<std::size_t>(i)];
  }
  Request take_first();

 private:
  WaitingOptions options_;
  std::deque<Request> requests_;
  std::int64_t n_tokens_ = 0;
};

} // namespace lockstep::sched
