#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/types.h"
#include "sched/prefix_tree.h"

namespace lockstep::sched {

/// How much of the cache there is, on the rank that has least.
struct SlotOptions {
  int n_slots = 1;         // the rest of them keep what ended sequences left
  int most_running = 1;    // at a time
  std::int64_t places = 0; // of all slots together
  int page = 1;            // places; a slot takes whole pages
  /// Slots that begin alike have the same full pages; otherwise a beginning
  /// that is taken over is copied.
  bool shares_pages = true;
};

/// How a slot is opened for a sequence.
struct Opening {
  int slot = 0;
  int from = -1;  // whose beginning it takes over; itself: it goes on; -1: none
  int n_from = 0; // places of that
  int n_pages = 0;         // that it will hold in all
  std::vector<int> closed; // slots that make room for it
};

/// Who holds which slot of the cache, how many pages all hold, and what stands
/// in them. A slot whose sequence has ended keeps what it holds, for later
/// sequences that begin alike, until its place is needed; then the one used
/// least recently goes first.
class Slots {
 public:
  explicit Slots(const SlotOptions& options);

  int n_running() const { return n_running_; }

  /// A sequence of so many places can have a slot at some time.
  bool can_ever_hold(int n_places) const;
  /// How a sequence of so many places, whose first tokens are `beginning`, can
  /// have a slot now.
  std::optional<Opening> find(
      std::span<const Token> beginning, int n_places) const;
  /// As it was found for this beginning, with nothing done since.
  void open(const Opening& opening, std::span<const Token> beginning);

  /// These tokens entered the pipeline for a slot.
  void enter(int slot, std::span<const Token> tokens) {
    tree_.extend(slot, tokens);
  }
  void end(int slot);
  /// Tokens that entered for whoever has most in common with `tokens`.
  int n_held_of(std::span<const Token> tokens) const {
    return tree_.find(tokens).n_tokens;
  }

 private:
  /// Slots to close so that so many pages are free, and a slot too where
  /// `needs_slot`; never `spared`.
  std::optional<std::vector<int>> closings_for(
      int n_pages, bool needs_slot, int spared) const;
  int n_usable(int slot, int n_from) const;
  std::optional<Opening> going_on(int slot, int n_from, int n_pages) const;
  std::optional<Opening> beginning_like(
      int from, int n_from, int n_pages) const;
  int pages_of(int n_places) const;
  bool is_kept(int slot) const;
  void add_pages(int slot, int n);
  void drop_pages(int slot, std::size_t n_left);
  void close(int slot);

  SlotOptions options_;
  int n_running_ = 0;
  PrefixTree tree_;
  std::vector<std::vector<int>> pages_; // by slot: numbers of pages
  std::vector<int> n_users_;            // by page
  std::vector<int> free_pages_;
  std::vector<int> free_slots_;         // ascending from the back
  std::map<std::uint64_t, int> kept_;   // by when they ended
  std::vector<std::uint64_t> ended_at_; // by slot
  std::uint64_t n_ended_ = 0;
};

} // namespace lockstep::sched
