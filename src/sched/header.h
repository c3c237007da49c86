#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sched/batch.h"
#include "sched/request.h"

namespace lockstep::sched {

/// What happens to a cache slot before the rows of the same header, on each
/// rank when that header's batch reaches it.
struct SlotOp {
  enum class Kind { open, close };
  Kind kind = Kind::open;
  int slot = 0;
  int capacity = 0; // open: most tokens the slot will hold
  /// open: the slot begins with the first n_from places of this one, which may
  /// be itself; -1 = empty.
  int from = -1;
  int n_from = 0;
  Sampling sampling; // open: how the last rank samples this slot's rows
  bool operator==(const SlotOp&) const = default;
};

/// Room that rank 0 sets aside in the next tick's exchange, so that every rank
/// knows that exchange's size before it posts it.
struct Room {
  int words = 0;  // for the next header
  int tokens = 0; // for the hidden states of the batch that enters then
  bool operator==(const Room&) const = default;
};

/// All that any rank needs to know about one tick; made by rank 0 alone. It
/// travels in the exchange of its own tick, together with the first rank's
/// output for the batch it describes; its size was promised one tick before.
struct Header {
  std::uint64_t tick = 0;
  Batch entering;
  std::vector<SlotOp> slot_ops;
  Room next;
  int pause_us = 0; // all ranks sleep so long after this tick's exchange
  bool end = false; // all ranks leave after this tick
  bool operator==(const Header&) const = default;
};

/// The room of tick 0's exchange, a constant that all ranks share.
inline constexpr Room kFirstRoom{256, 0};

/// Longest pause between two ticks, in microseconds.
inline constexpr int kMostPauseUs = 20'000;

/// Words that a row takes, and a slot operation: opening a slot takes more the
/// longer the lists of its Sampling are.
inline constexpr int kRowWords = 8;
inline constexpr int kCloseWords = 2;
int open_words(const Sampling& sampling);
int words_of(const SlotOp& op);

/// Words that a header of so many rows, tokens and words of slot operations
/// takes.
int header_words(int n_rows, int n_tokens, int slot_op_words);
int header_words(const Header& header);
int slot_op_words(const Header& header);

/// Writes `header` to the front of `out` and zeros to the rest. Throws
/// Error{internal} when it does not fit: rank 0 broke its own promise.
void encode(const Header& header, std::span<std::int32_t> out);

/// Bounds that every number of a header must keep.
struct Limits {
  int n_slots = 0;
  int context = 0; // tokens of one slot
  int vocab = 0;
  int max_batch_tokens = 0;
};

/// Throws Error{diverged} naming the field when the words break a limit or do
/// not describe a header.
Header decode(std::span<const std::int32_t> words, const Limits& limits);

} // namespace lockstep::sched
