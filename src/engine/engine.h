#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "base/channel.h"
#include "engine/pipeline.h"
#include "engine/stats.h"
#include "link/lifeline.h"
#include "sched/scheduler.h"
#include "world/exchange.h"

namespace lockstep::engine {

/// Receives what becomes of a request, one token at a time, on the main thread
/// of rank 0.
using Sink = std::function<void(const sched::TokenEvent&)>;

class Engine;

/// What another thread has the main thread of rank 0 do: submit a request,
/// cancel one, look at the stats. What it throws ends the rank, so a request
/// that may be refused is submitted where that is caught.
using Task = std::function<void(Engine&)>;

/// The loop of every rank: compute, exchange, deliver, until rank 0 says that
/// all leave. Rank 0's engine has the scheduler; the others follow its headers.
/// Main thread only.
class Engine {
 public:
  /// Keeps references to `exchange` and `lifeline`. `scheduler`: on rank 0, and
  /// only there.
  Engine(
      Pipeline pipeline,
      world::Exchange& exchange,
      std::optional<sched::Scheduler> scheduler,
      link::Lifeline& lifeline,
      int n_ranks);

  /// Rank 0. Throws Error{request} when the request can never run.
  void submit(sched::Request request, Sink sink);
  /// Rank 0: `listener` hears after each tick what share of the running
  /// request's prompt has entered, 0 … 1.
  void on_prompt(std::function<void(double)> listener) {
    on_prompt_ = std::move(listener);
  }
  /// Rank 0: how much of prompts needed no computing.
  const sched::Reuse& reuse() const { return scheduler_->reuse(); }
  /// `listener` hears of each tick by its number, before anything is done in
  /// it; on rank 0 it may submit and cancel.
  void on_tick(std::function<void(std::uint64_t)> listener) {
    on_tick_ = std::move(listener);
  }
  /// Rank 0. The sink hears of the end.
  void cancel(sched::RequestId id);

  /// Rank 0: ticks until every request has ended.
  void run_until_idle();
  /// Rank 0: does what comes through `tasks`, and ticks, until it is closed and
  /// every request has ended. While there is nothing to do all ranks sleep
  /// between ticks (see IdlePause); a task wakes rank 0 at once, and the others
  /// come when their sleep ends.
  void serve(Channel<Task>& tasks);
  /// Rank 0: one last tick in which all ranks are told to leave.
  void leave();
  /// Other ranks: ticks until rank 0 says that all leave.
  void follow();

  const TickStats& stats() const { return stats_; }
  /// Rank 0: begins to count anew.
  void reset_stats();
  std::uint64_t kv_bytes() const { // the most that was held
    return kv_bytes_;
  }

 private:
  void tick(int pause_us = 0);

  Pipeline pipeline_;
  world::Exchange& exchange_;
  std::optional<sched::Scheduler> scheduler_;
  link::Lifeline& lifeline_;
  int n_ranks_;
  TickStats stats_;
  std::map<sched::RequestId, Sink> sinks_;
  std::function<void(double)> on_prompt_;
  std::function<void(std::uint64_t)> on_tick_;
  std::uint64_t kv_bytes_ = 0;
};

} // namespace lockstep::engine
