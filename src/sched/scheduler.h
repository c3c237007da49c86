#pragma once

#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "sched/header.h"
#include "sched/request.h"

namespace lockstep::sched {

struct SchedulerOptions {
  int n_stages = 1; // a batch that enters at tick t is done in t + n_stages - 1
  int context = 0;  // most tokens of one sequence
  int chunk = 64;   // most prompt tokens that enter at one tick
};

/// Decides what enters the pipeline, on rank 0 alone. Bookkeeping only: no
/// tensors, no clocks, no threads. One sequence runs at a time, the others wait
/// in the order they came; a prompt enters in chunks, one every tick, without
/// waiting for the last rank.
///
/// The caller alternates: `next()` gives the header of a tick, and when that
/// tick's exchange is done `apply()` takes what the last rank said in it.
class Scheduler {
 public:
  explicit Scheduler(const SchedulerOptions& options);

  /// Queues a request. Throws Error{request} when it can never run: an empty
  /// prompt, or prompt and answer longer than the context.
  void add(Request request);
  /// Ends a request wherever it is; the next apply() reports it. Unknown ids
  /// are ignored: the request may have ended by itself.
  void cancel(RequestId id);

  bool idle() const { return !running_ && queue_.empty(); }

  /// The header of the next tick; stays inside the room of the last one.
  Header next();
  /// Says that all ranks leave after the next header.
  void finish() { ending_ = true; }

  /// Books what the last rank said in the exchange of the last header: the
  /// results of the batch that came out of the pipeline, in its order of wanted
  /// places. Returns what that means for the requests.
  std::vector<TokenEvent> apply(std::span<const Sampled> results);

  /// The share of the running request's prompt that has entered, 0 … 1.
  double prompt_share() const;

  /// The batch whose results the exchange of the last header brings.
  const Batch& leaving() const;

 private:
  struct Sequence {
    Request request;
    bool open = false;          // the slot operation was sent
    int n_entered = 0;          // tokens that have entered the pipeline
    int n_sampled = 0;          // tokens of the answer
    std::optional<Token> ready; // sampled, not yet entered
    bool cancelled = false;
  };

  int n_input() const;
  bool prompt_remains() const;
  Row prompt_row(int n_tokens) const;
  void enter_rows(Header& header);
  Room room_for_next() const;
  void book_scores(
      const Row& row,
      std::span<const Sampled> results,
      std::vector<TokenEvent>& events);
  void book_token(const Sampled& result, std::vector<TokenEvent>& events);
  void end_sequence();

  SchedulerOptions options_;
  std::deque<Request> queue_;
  std::vector<RequestId> cancelled_in_queue_;
  std::optional<Sequence> running_;
  bool close_slot_ = false; // a sequence has ended, its slot is still open
  bool ending_ = false;
  std::uint64_t tick_ = 0;
  Room room_ = kFirstRoom;
  std::deque<Batch> under_way_; // newest first, n_stages of them
};

} // namespace lockstep::sched
