// What rank 0's bookkeeping takes for a tick: the scheduler alone, and with the
// header to words and back, as it goes to the other ranks.
#include <cstdint>
#include <deque>
#include <random>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "sched/scheduler.h"

namespace lockstep::sched {

namespace {

constexpr int kContext = 4096;
constexpr int kChunk = 256;
constexpr int kVocab = 49152;

/// So many requests at a time, each followed by another one when it ends;
/// prompts and answers of random length. Stages take time in proportion.
class Traffic {
 public:
  Traffic(int n_stages, int n_streams)
      : scheduler_(options_of(n_stages, n_streams)),
        under_way_(static_cast<std::size_t>(n_stages)),
        compute_us_(static_cast<std::size_t>(n_stages)),
        limits_{2 * n_streams, kContext, kVocab, kChunk + n_streams} {
    for (int stream = 0; stream < n_streams; ++stream) {
      add();
    }
  }

  /// `coded`: the header becomes words and a header again.
  void tick(bool coded) {
    const auto header = scheduler_.next();
    if (coded) {
      words_.assign(static_cast<std::size_t>(room_.words), 0);
      encode(header, words_);
      benchmark::DoNotOptimize(decode(words_, limits_));
    }
    room_ = header.next;
    under_way_.push_front(load_of(header.entering));
    under_way_.pop_back();
    for (std::size_t stage = 0; stage < compute_us_.size(); ++stage) {
      const auto& load = under_way_[stage];
      compute_us_[stage] = 500 + 300 * load.tokens + 50 * load.prompt.tokens +
                           static_cast<int>(load.prompt.pairs / 64);
    }
    sampled_.clear();
    for (const auto& row : scheduler_.leaving().rows) {
      sampled_.resize(sampled_.size() + static_cast<std::size_t>(row.n_wanted));
    }
    for (auto& one : sampled_) {
      one.chosen.token = static_cast<Token>(random_() % kVocab);
    }
    for (const auto& event : scheduler_.apply(sampled_, compute_us_)) {
      ++n_tokens_;
      if (event.finish) {
        add();
      }
    }
  }

  std::int64_t n_tokens() const { return n_tokens_; }

 private:
  static SchedulerOptions options_of(int n_stages, int n_streams) {
    SchedulerOptions options;
    options.n_stages = n_stages;
    options.context = kContext;
    options.chunk = kChunk;
    options.slots = {
        2 * n_streams, n_streams, std::int64_t{n_streams} * kContext, 64, true};
    return options;
  }

  void add() {
    Request request;
    request.id = next_id_++;
    request.prompt.assign(1 + random_() % 1024, 7);
    request.prompt[0] = static_cast<Token>(request.id % kVocab); // like no other
    request.max_tokens = static_cast<int>(1 + random_() % 256);
    scheduler_.add(std::move(request));
  }

  std::mt19937 random_{5};
  Scheduler scheduler_;
  std::deque<Load> under_way_; // newest first
  std::vector<int> compute_us_;
  Limits limits_;
  Room room_ = kFirstRoom;
  std::vector<std::int32_t> words_;
  std::vector<Sampled> sampled_;
  RequestId next_id_ = 0;
  std::int64_t n_tokens_ = 0;
};

void ticks(benchmark::State& state) {
  Traffic traffic(
      static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  const bool coded = state.range(2) != 0;
  for (auto _ : state) {
    traffic.tick(coded);
  }
  state.counters["ticks/s"] = benchmark::Counter(
      static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
  state.counters["tokens"] = benchmark::Counter(
      static_cast<double>(traffic.n_tokens()),
      benchmark::Counter::kAvgIterations);
}
BENCHMARK(ticks)
    ->ArgNames({"stages", "streams", "coded"})
    ->ArgsProduct({{1, 2, 3, 4}, {8}, {0, 1}})
    ->ArgsProduct({{2, 4}, {64}, {0, 1}});

} // namespace

} // namespace lockstep::sched

BENCHMARK_MAIN();
