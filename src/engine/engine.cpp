#include "engine/engine.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "engine/idle_pause.h"

namespace lockstep::engine {

namespace {

bool is_decode(const sched::Batch& batch) {
  return std::all_of(batch.rows.begin(), batch.rows.end(), [](const auto& row) {
    return row.n_tokens == 1;
  });
}

} // namespace

Engine::Engine(
    Pipeline pipeline,
    world::Exchange& exchange,
    std::optional<sched::Scheduler> scheduler,
    link::Lifeline& lifeline,
    int n_ranks)
    : pipeline_(std::move(pipeline)),
      exchange_(exchange),
      scheduler_(std::move(scheduler)),
      lifeline_(lifeline),
      n_ranks_(n_ranks),
      stats_(n_ranks) {
}

void Engine::submit(sched::Request request, Sink sink) {
  const auto id = request.id;
  scheduler_->add(std::move(request));
  sinks_[id] = std::move(sink);
}

void Engine::reset_stats() {
  stats_ = TickStats(n_ranks_);
}

void Engine::cancel(sched::RequestId id) {
  scheduler_->cancel(id);
}

void Engine::tick(int pause_us) {
  lifeline_.set_tick(pipeline_.tick());
  if (on_tick_) {
    on_tick_(pipeline_.tick());
  }
  const auto start = std::chrono::steady_clock::now();
  std::optional<sched::Header> header;
  if (scheduler_) {
    header = scheduler_->next();
    header->pause_us = pause_us;
  }
  lifeline_.set_step(link::Step::compute);
  const auto outbox = pipeline_.compute(header ? &*header : nullptr);
  lifeline_.set_step(link::Step::exchange);
  const auto inbox = exchange_.swap(outbox);
  lifeline_.set_step(link::Step::none);
  const auto results = pipeline_.deliver(inbox);
  kv_bytes_ = std::max(kv_bytes_, pipeline_.kv_bytes());
  if (!scheduler_) {
    return;
  }
  stats_.record(
      std::chrono::steady_clock::now() - start,
      inbox.compute_us,
      n_ranks_ > 1 ? inbox.bytes_given : 0,
      is_decode(header->entering) && is_decode(scheduler_->leaving()));
  if (on_prompt_) {
    on_prompt_(scheduler_->prompt_share());
  }
  for (const auto& event : scheduler_->apply(results, inbox.compute_us)) {
    const auto sink = sinks_.find(event.id);
    sink->second(event);
    if (event.finish) {
      sinks_.erase(sink);
    }
  }
}

void Engine::run_until_idle() {
  while (!scheduler_->idle()) {
    tick();
  }
}

void Engine::serve(Channel<Task>& tasks) {
  IdlePause pause;
  while (true) {
    for (const auto& task : tasks.take_all()) {
      task(*this);
    }
    if (!scheduler_->idle()) {
      pause.reset();
      tick();
    } else if (tasks.ended()) {
      return;
    } else {
      const int us = pause.next_us();
      tick(us);
      tasks.wait_for(std::chrono::microseconds(us));
    }
  }
}

void Engine::leave() {
  scheduler_->finish();
  tick();
}

void Engine::follow() {
  while (!pipeline_.ended()) {
    tick();
    if (pipeline_.pause_us() > 0) {
      std::this_thread::sleep_for(
          std::chrono::microseconds(pipeline_.pause_us()));
    }
  }
}

} // namespace lockstep::engine
