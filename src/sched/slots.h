#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace lockstep::sched {

/// How much of the cache there is, on the rank that has least.
struct SlotOptions {
  int n_slots = 1;
  std::int64_t places = 0; // of all slots together
  int step = 1;            // a sequence takes a multiple of this
};

/// Who holds which slot of the cache, and how many places all hold. A slot that
/// was released can be taken again once its closing has been sent: later rows
/// then meet it empty on every rank.
class Slots {
 public:
  explicit Slots(const SlotOptions& options);

  int n_slots() const { return static_cast<int>(held_.size()); }
  /// A sequence of so many places can have a slot at some time.
  bool can_ever_hold(int n_places) const;
  /// It can have one now.
  bool can_hold(int n_places) const;
  int n_free() const { return static_cast<int>(free_.size()); }
  int n_releasing() const { return static_cast<int>(releasing_.size()); }

  int take(int n_places); // only after can_hold()
  void release(int slot);
  /// The next slot to be closed; it is free then.
  std::optional<int> close_next();

 private:
  std::int64_t rounded(int n_places) const;

  SlotOptions options_;
  std::vector<std::int64_t> held_; // places, by slot
  std::int64_t n_held_ = 0;
  std::deque<int> free_;
  std::deque<int> releasing_;
};

} // namespace lockstep::sched
