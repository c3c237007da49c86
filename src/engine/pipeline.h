#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "mlx/array.h"

#include "engine/sampler.h"
#include "engine/slot_states.h"
#include "model/stage.h"
#include "sched/header.h"
#include "sched/request.h"
#include "world/exchange.h"

namespace lockstep::engine {

namespace mx = mlx::core;

struct PipelineOptions {
  int rank = 0;
  int n_ranks = 1;
  std::uint32_t epoch = 0;
  std::uint32_t plan_hash = 0;
  int hidden = 0;       // elements of one hidden state
  sched::Limits limits; // of every header
};

/// One rank's half of a tick: what it computes, and what it makes of the
/// exchange that follows. A pure function of the headers: no clocks decide, no
/// communication happens here. The caller moves the boxes, so that a test can
/// drive N pipelines in one thread. Main thread only.
class Pipeline {
 public:
  /// Keeps a reference to `stage`.
  Pipeline(const model::Stage& stage, const PipelineOptions& options);

  /// Runs this rank's layers on the batch that is at its place. Rank 0 gives
  /// the header of this tick; for the others it is null, they have it from
  /// deliver().
  world::Outbox compute(const sched::Header* header);

  /// Takes in the exchange that followed compute(). Returns the results of the
  /// batch that left the pipeline in this tick. Throws Error{diverged} when the
  /// header breaks a limit.
  std::vector<sched::Sampled> deliver(const world::Inbox& inbox);

  /// The last header said that all ranks leave.
  bool ended() const { return ended_; }
  /// Microseconds that the last header has all ranks sleep before they go on.
  int pause_us() const { return pause_us_; }
  std::uint64_t tick() const { return tick_; }
  std::uint64_t kv_bytes() const { return slots_.cache().bytes(); }

 private:
  bool is_first() const { return options_.rank == 0; }
  bool is_last() const { return options_.rank == options_.n_ranks - 1; }
  const sched::Header& header_before(int n_ticks) const;
  world::PacketSize packet_size() const;
  /// Room for the hidden states that `rank` hands on in this tick.
  int rows_on(int rank) const;
  mx::array input(const sched::Batch& batch) const;
  /// Of the rows of `hidden` at which something is wanted, if any.
  std::optional<mx::array> logits(
      const sched::Batch& batch, const mx::array& hidden) const;
  std::vector<sched::Sampled> sample_rows(
      const sched::Batch& batch, const mx::array& logits);

  const model::Stage& stage_;
  PipelineOptions options_;
  SlotStates slots_;
  Sampler sampler_; // the last rank's
  std::uint64_t tick_ = 0;
  bool ended_ = false;
  int pause_us_ = 0;
  sched::Room room_ = sched::kFirstRoom;
  std::deque<sched::Header> headers_; // newest first, n_ranks of them
  std::optional<mx::array> hidden_;   // [rows, hidden] from the rank before
};

} // namespace lockstep::engine
