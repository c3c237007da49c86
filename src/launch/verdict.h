#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace lockstep::launch {

/// How much a sign of failure tells of its cause; a later one tells more.
enum class Weight {
  echo,     // a rank says that it lost another one
  vanished, // a rank is gone, nobody knows how
  ended,    // a rank ended by itself without a word
  told,     // a rank says what went wrong
  killed,   // a rank was killed by a signal
};

struct Failure {
  Weight weight = Weight::echo;
  int exit_code = 0;
  std::string line; // for the user; empty: nothing to say
};

/// Finds the cause among the signs of failure that come in within moments, in
/// any order: the one that tells most, of equals the first.
class Verdict {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void add(Failure failure, Time now);

  /// The first sign of failure is there.
  bool is_open() const { return cause_.has_value(); }
  /// When a better sign is no longer waited for.
  Time settled_at() const { return settled_at_; }
  bool is_settled(Time now) const { return is_open() && now >= settled_at_; }
  const Failure& cause() const { return *cause_; }

 private:
  std::optional<Failure> cause_;
  Time settled_at_{};
};

} // namespace lockstep::launch
