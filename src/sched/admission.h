#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sched/header.h"
#include "sched/request.h"
#include "sched/sequence.h"
#include "sched/slots.h"
#include "sched/waiting.h"

namespace lockstep::sched {

/// How much of prompts needed no computing because a slot held it.
struct Reuse {
  std::int64_t requests = 0;
  std::int64_t hits = 0; // requests that reused something
  std::int64_t prompt_tokens = 0;
  std::int64_t reused_tokens = 0;
};

/// What may be admitted at the next tick, at most.
struct Openings {
  int words = 0; // of slot operations
  int n_requests = 0;
  std::int64_t prompt_tokens = 0; // of theirs
};

/// Requests on their way to a slot: who waits, who gets which, and behind what
/// that slot holds already. In the order of arrival, as far as slots and the
/// cache suffice.
class Admission {
 public:
  Admission(const SlotOptions& slots, const WaitingOptions& waiting);

  /// Queues a request that was checked. Throws Error{request} when there is no
  /// memory that it would ever fit, Error{full} when too much waits already.
  void add(Request request);
  bool remove(RequestId id); // whether it waited
  bool empty() const { return waiting_.empty(); }

  /// Gives slots away: adds the sequences that begin to `running`, and the
  /// operations for the header, of at most `n_words`, to `ops`.
  void admit(
      int n_words, std::vector<Sequence>& running, std::vector<SlotOp>& ops);
  /// These tokens entered the pipeline for a slot.
  void enter(int slot, std::span<const Token> tokens) {
    slots_.enter(slot, tokens);
  }
  void end(int slot) { slots_.end(slot); }

  /// At the next tick, when at most `n_ending` sequences end before.
  Openings next(int n_ending) const;
  const Reuse& reuse() const { return reuse_; }

 private:
  bool is_worth_waiting(
      std::span<const Token> beginning,
      const std::vector<Sequence>& running) const;
  Sequence begin(const Opening& opening);

  SlotOptions options_;
  Slots slots_;
  Waiting waiting_;
  Reuse reuse_;
  std::uint64_t next_serial_ = 0;
};

} // namespace lockstep::sched
