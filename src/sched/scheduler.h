#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "sched/admission.h"
#include "sched/header.h"
#include "sched/request.h"
#include "sched/sequence.h"
#include "sched/stage_times.h"

namespace lockstep::sched {

struct SchedulerOptions {
  int n_stages = 1; // a batch that enters at tick t is done in t + n_stages - 1
  int context = 0;  // most tokens of one sequence
  int chunk = 64;   // most prompt tokens that enter at one tick
  SlotOptions slots{1, 1, 1 << 30, 1, true};
  /// How much longer a tick may take because prompts enter beside sequences
  /// that answer.
  double stretch = 1.6;
  WaitingOptions waiting{};
  int vocab = kAnyVocab; // ids of tokens that the model has
};

/// Decides what enters the pipeline, on rank 0 alone. Bookkeeping only: no
/// tensors, no clocks, no threads.
///
/// Sequences join and leave at any tick. Requests get slots in the order they
/// came and begin behind what a slot holds of their prompt already. Those that
/// answer are divided into parts that follow one another through the stages, so
/// that every stage has one to work on; prompts enter in chunks beside them, one
/// every tick, without waiting for the last rank, as many tokens as `stretch`
/// allows.
///
/// The caller alternates: `next()` gives the header of a tick, and when that
/// tick's exchange is done `apply()` takes what the last rank said in it.
class Scheduler {
 public:
  explicit Scheduler(const SchedulerOptions& options);

  /// Queues a request. Throws Error{request} when it can never run, Error{full}
  /// when too much waits already.
  void add(Request request);
  /// Ends a request wherever it is; the next apply() reports it. Unknown ids
  /// are ignored: the request may have ended by itself.
  void cancel(RequestId id);

  bool idle() const {
    return running_.empty() && admission_.empty() && cancelled_.empty();
  }

  /// The header of the next tick; stays inside the room of the last one.
  Header next();
  /// Says that all ranks leave after the next header.
  void finish() { ending_ = true; }

  /// Books what the last rank said in the exchange of the last header: the
  /// results of the batch that came out of the pipeline, in its order of wanted
  /// places; and how long each stage took for its batch, where that is known.
  /// Returns what that means for the requests.
  std::vector<TokenEvent> apply(
      std::span<const Sampled> results, std::span<const int> compute_us = {});

  /// The share of the oldest running request's prompt that has entered, 0 … 1.
  double prompt_share() const;

  /// Of all requests that have had a slot.
  const Reuse& reuse() const { return admission_.reuse(); }

  /// The batch whose results the exchange of the last header brings.
  const Batch& leaving() const { return under_way_.back().batch; }

 private:
  /// A batch on its way, with the sequence of each row.
  struct Flight {
    Batch batch;
    std::vector<std::uint64_t> serials;
  };

  std::vector<Sequence>::iterator find(std::uint64_t serial);
  int token_room(const Header& header) const;
  int n_decoding() const;
  int part_size() const;
  int most_prompt_tokens() const;
  void enter_tokens(Header& header, Flight& flight);
  void enter_prompts(Header& header, Flight& flight);
  Room room_for_next();

  void end(std::vector<Sequence>::iterator sequence);

  SchedulerOptions options_;
  Admission admission_;
  StageTimes times_;
  std::vector<Sequence> running_;     // by arrival
  std::vector<TokenEvent> cancelled_; // to be reported
  bool ending_ = false;
  std::uint64_t tick_ = 0; // of the next header
  int n_parts_;            // see choose_parts
  int n_parted_ = 0;       // sequences for which that was chosen
  Room room_ = kFirstRoom;
  // Words of it for slot operations; rows were promised the others.
  int slot_op_room_ = kFirstRoom.words - header_words(0, 0, 0);
  std::deque<Flight> under_way_; // newest first, n_stages of them
};

} // namespace lockstep::sched
