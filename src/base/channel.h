#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

namespace lockstep {

/// A queue from any number of threads to one, until it is closed.
template <class T>
class Channel {
 public:
  /// False when the channel is closed; the value is dropped then.
  bool push(T value) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) {
        return false;
      }
      values_.push_back(std::move(value));
    }
    arrived_.notify_one();
    return true;
  }

  /// Takes no more values; those that are in it can still be taken.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    arrived_.notify_one();
  }

  /// All values that are in it, in the order of push(); never waits.
  std::vector<T> take_all() {
    const std::lock_guard lock(mutex_);
    return std::exchange(values_, {});
  }

  /// Waits until there is a value or the channel is closed, or for as long as
  /// `patience`.
  void wait_for(std::chrono::microseconds patience) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(
        lock, patience, [this] { return closed_ || !values_.empty(); });
  }

  /// Closed, and nothing is left in it.
  bool ended() const {
    const std::lock_guard lock(mutex_);
    return closed_ && values_.empty();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<T> values_;
  bool closed_ = false;
};

} // namespace lockstep
