#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "launch/rank_link.h"
#include "launch/verdict.h"

namespace lockstep::launch {

/// Asks ranks where they are, a few times a second, and finds out who does not
/// answer and whether the world stands still. An answer alone is no progress: a
/// rank that waits in a collective for ever answers well.
class Pulse {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Pulse(int n_ranks) : n_ranks_(n_ranks) {}

  /// Sends what is due.
  void beat(std::vector<RankLink>& links, Time now);
  /// What is wrong, if anything is: a rank that was silent too long (71), or a
  /// world in which all ranks wait in the same exchange much longer than any
  /// exchange took before (72).
  std::optional<Failure> look(std::vector<RankLink>& links, Time now);

 private:
  /// Where the ranks are, as one comparable thing.
  using Places = std::map<int, std::pair<std::uint64_t, link::Step>>;

  std::optional<Failure> look_for_silence(
      const std::vector<RankLink>& links, Time now) const;
  std::optional<Failure> look_for_standstill(
      const std::vector<RankLink>& links, Time now);

  int n_ranks_;
  Time last_beat_{};
  Time last_look_ = std::chrono::steady_clock::now();
  Places places_;
  Time moved_at_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::duration longest_{}; // between two moves
};

} // namespace lockstep::launch
