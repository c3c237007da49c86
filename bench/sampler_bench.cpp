// What choosing one token takes, by size of the vocabulary.
#include <cstdint>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "engine/sampler.h"

namespace lockstep::engine {

namespace {

/// Logits as of a trained model: a few that stand out.
std::vector<float> logits_of(int vocab) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0.0F, 2.5F);
  std::vector<float> logits(static_cast<std::size_t>(vocab));
  for (auto& logit : logits) {
    logit = normal(random);
  }
  for (int i = 0; i < 20; ++i) {
    logits[random() % logits.size()] += 8.0F + normal(random);
  }
  return logits;
}

void choose(benchmark::State& state, const sched::Sampling& sampling) {
  const int vocab = static_cast<int>(state.range(0));
  const auto logits = logits_of(vocab);
  std::vector<Token> before(static_cast<std::size_t>(state.range(1)));
  std::mt19937 random(2);
  for (auto& token : before) {
    token = static_cast<Token>(random() % 1000);
  }
  Sampler sampler;
  int index = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        sampler.sample(logits, sampling, before, index++, 0));
  }
}

sched::Sampling only(float temperature) {
  sched::Sampling sampling;
  sampling.temperature = temperature;
  sampling.top_k = 0;
  sampling.top_p = 1.0F;
  sampling.min_p = 0.0F;
  return sampling;
}

sched::Sampling with(float sched::Sampling::*field, float value) {
  auto sampling = only(0.8F);
  sampling.*field = value;
  return sampling;
}

sched::Sampling with_penalties() {
  sched::Sampling sampling;
  sampling.repeat_penalty = 1.1F;
  sampling.repeat_last_n = -1;
  sampling.dry_multiplier = 0.8F;
  sampling.xtc_probability = 0.5F;
  return sampling;
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"vocab", "before"})->Unit(benchmark::kMicrosecond);
  for (const int vocab : {49152, 128256}) {
    benchmark->Args({vocab, 2000});
  }
}

BENCHMARK_CAPTURE(choose, greedy, only(0.0F))->Apply(sizes);
BENCHMARK_CAPTURE(choose, default, sched::Sampling{})->Apply(sizes);
BENCHMARK_CAPTURE(choose, penalties_dry_xtc, with_penalties())->Apply(sizes);
BENCHMARK_CAPTURE(choose, only_min_p, with(&sched::Sampling::min_p, 0.05F))
    ->Apply(sizes);
BENCHMARK_CAPTURE(choose, only_top_p, with(&sched::Sampling::top_p, 0.95F))
    ->Apply(sizes);
BENCHMARK_CAPTURE(
    choose, only_typical_p, with(&sched::Sampling::typical_p, 0.9F))
    ->Apply(sizes);
BENCHMARK_CAPTURE(choose, only_temperature, only(0.8F))->Apply(sizes);

} // namespace

} // namespace lockstep::engine

BENCHMARK_MAIN();
