#include "engine/stage_probe.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>
#include <utility>

#include "mlx/ops.h"
#include "mlx/transforms.h"

#include "engine/sampler.h"

namespace lockstep::engine {

namespace {

using checkpoint::LayerRange;
using Clock = std::chrono::steady_clock;

/// More than the caches of most processors' cores.
constexpr double kSampleBytes = 128e6;
constexpr int kStretches = 9; // of a measurement
/// How long sequences get while they are timed, in tokens.
constexpr int kAnswerDepth = 128;
constexpr int kPromptDepth = 512;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start)
      .count();
}

/// Of a rank's layers those that are timed: the last where it has the head
/// alone, else the first.
LayerRange sample_of(
    const LayerRange& own, const plan::Costs& bytes, bool from_end) {
  int n = 0;
  for (double sum = 0.0; n < own.size() && sum < kSampleBytes; ++n) {
    const int layer = from_end ? own.last - 1 - n : own.first + n;
    sum += bytes.layers[static_cast<std::size_t>(layer)];
  }
  return from_end ? LayerRange{own.last - n, own.last}
                  : LayerRange{own.first, own.first + n};
}

} // namespace

double time_runs(const std::function<void()>& run, double budget_ms) {
  run();
  std::vector<double> stretches; // milliseconds of a run
  const auto start = Clock::now();
  do {
    const auto begin = Clock::now();
    int n = 0;
    do {
      run();
      ++n;
    } while (ms_since(begin) < budget_ms / kStretches);
    stretches.push_back(ms_since(begin) / n);
  } while (ms_since(start) < budget_ms || stretches.size() < 2);
  const auto middle =
      stretches.begin() + static_cast<std::ptrdiff_t>(stretches.size() / 2);
  std::nth_element(stretches.begin(), middle, stretches.end());
  return *middle;
}

StageProbe::StageProbe(
    const Setup& setup, const checkpoint::Checkpoint& checkpoint, int rank)
    : setup_(setup) {
  const auto& own = setup.layers[static_cast<std::size_t>(rank)];
  const auto bytes = plan::stored_bytes(checkpoint, setup.config);
  const int n_layers = setup.memory.n_layers();
  const auto sample =
      sample_of(own, bytes, own.last == n_layers && own.first > 0);
  auto& parts = *setup.compute.parts;
  stage_.emplace(checkpoint, setup.family, setup.config, sample, parts);
  if (own.last == n_layers && sample.last < n_layers) {
    end_.emplace(
        checkpoint,
        setup.family,
        setup.config,
        LayerRange{n_layers - 1, n_layers},
        parts);
  }
}

/// Numbers of both signs; which ones does not matter.
mx::array StageProbe::hidden(int n_rows) const {
  const int width = setup_.config.hidden;
  auto x = mx::astype(
      mx::sin(mx::reshape(mx::arange(n_rows * width), {n_rows, width})),
      setup_.compute.parts->activations());
  mx::eval(x);
  return x;
}

double StageProbe::layers_ms(const ProbeBatch& batch, double budget_ms) {
  const auto cache = stage_->make_cache(batch.n_slots);
  const auto x = hidden(batch.n_slots * batch.n_tokens);
  const int depth = std::min(
      setup_.context, batch.n_tokens == 1 ? kAnswerDepth : kPromptDepth);
  int offset = 0;
  return time_runs(
      [&] {
        if (offset + batch.n_tokens > depth) {
          for (int slot = 0; slot < batch.n_slots; ++slot) {
            cache->close(slot);
          }
          offset = 0;
        }
        model::Pass pass;
        for (int slot = 0; slot < batch.n_slots; ++slot) {
          pass.parts.push_back(
              {slot, offset, slot * batch.n_tokens, batch.n_tokens});
        }
        std::vector<mx::array> evaluated{stage_->forward(x, pass, *cache)};
        cache->collect(evaluated);
        mx::eval(std::move(evaluated));
        offset += batch.n_tokens;
      },
      budget_ms);
}

double StageProbe::embedding_ms(const ProbeBatch& batch, double budget_ms) {
  if (!stage_->has_embedding()) {
    return 0.0;
  }
  const int n = batch.n_slots * batch.n_tokens;
  const std::vector<Token> ids(static_cast<std::size_t>(n), 0);
  const mx::array tokens(ids.data(), {n}, mx::int32);
  return time_runs(
      [&] {
        auto x = stage_->embed(tokens);
        mx::eval(x);
      },
      budget_ms);
}

const model::Stage* StageProbe::head() const {
  return end_ ? &*end_ : stage_->has_head() ? &*stage_ : nullptr;
}

double StageProbe::head_ms(const ProbeBatch& batch, double budget_ms) {
  const auto* stage = head();
  if (stage == nullptr) {
    return 0.0;
  }
  const auto x = hidden(batch.n_wanted);
  Sampler sampler;
  sched::Sampling sampling;
  sampling.temperature = 0.0F;
  const Token before = 0;
  return time_runs(
      [&] {
        auto logits = stage->logits(x);
        mx::eval(logits);
        const auto vocab = static_cast<std::size_t>(logits.shape(1));
        for (int row = 0; row < batch.n_wanted; ++row) {
          sampler.sample(
              {logits.data<float>() + static_cast<std::size_t>(row) * vocab,
               vocab},
              sampling,
              std::span(&before, 1),
              0,
              0);
        }
      },
      budget_ms);
}

} // namespace lockstep::engine
