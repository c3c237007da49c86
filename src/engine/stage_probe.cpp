#include "engine/stage_probe.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
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

double median(std::vector<double>& numbers) {
  const auto middle =
      numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::nth_element(numbers.begin(), middle, numbers.end());
  return *middle;
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

/// Milliseconds of a run, of so many that they take `most_ms`.
double time_stretch(const std::function<void()>& run, double most_ms) {
  const auto start = Clock::now();
  int n = 0;
  do {
    run();
    ++n;
  } while (ms_since(start) < most_ms);
  return ms_since(start) / n;
}

} // namespace

std::vector<double> time_in_turns(
    const std::vector<Turn>& turns, double budget_ms) {
  double shares = 0.0;
  for (const auto& turn : turns) {
    turn.run();
    shares += turn.share;
  }
  std::vector<std::vector<double>> stretches(turns.size()); // ms of a run
  const auto start = Clock::now();
  do {
    for (std::size_t i = 0; i < turns.size(); ++i) {
      const double most_ms = budget_ms / kStretches * turns[i].share / shares;
      stretches[i].push_back(time_stretch(turns[i].run, most_ms));
    }
  } while (ms_since(start) < budget_ms || stretches.front().size() < 2);
  std::vector<double> medians;
  medians.reserve(stretches.size());
  for (auto& ms : stretches) {
    medians.push_back(median(ms));
  }
  return medians;
}

ProbeRuns::ProbeRuns(std::vector<Turn> parts)
    : parts_(std::move(parts)), ms_(parts_.size()) {
}

void ProbeRuns::once() {
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const auto start = Clock::now();
    parts_[i].run();
    ms_[i].push_back(ms_since(start));
  }
}

std::vector<double> ProbeRuns::medians() const {
  std::vector<double> medians;
  medians.reserve(ms_.size());
  for (auto ms : ms_) {
    if (ms.size() > 1) {
      ms.erase(ms.begin());
    }
    medians.push_back(ms.empty() ? 0.0 : median(ms));
  }
  return medians;
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

const model::Stage* StageProbe::head() const {
  return end_ ? &*end_ : stage_->has_head() ? &*stage_ : nullptr;
}

std::function<void()> StageProbe::layers_run(const ProbeBatch& batch) const {
  const int depth = std::min(
      setup_.context, batch.n_tokens == 1 ? kAnswerDepth : kPromptDepth);
  return [this,
          batch,
          depth,
          cache = std::shared_ptr(stage_->make_cache(batch.n_slots)),
          x = hidden(batch.n_slots * batch.n_tokens),
          offset = 0]() mutable {
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
  };
}

std::function<void()> StageProbe::embedding_run(const ProbeBatch& batch) const {
  const int n = batch.n_slots * batch.n_tokens;
  const std::vector<Token> ids(static_cast<std::size_t>(n), 0);
  return [this, tokens = mx::array(ids.data(), {n}, mx::int32)] {
    auto x = stage_->embed(tokens);
    mx::eval(x);
  };
}

std::function<void()> StageProbe::head_run(const ProbeBatch& batch) const {
  sched::Sampling sampling;
  sampling.temperature = 0.0F;
  return [stage = head(),
          sampling,
          n_rows = batch.n_wanted,
          x = hidden(batch.n_wanted),
          sampler = Sampler()]() mutable {
    auto logits = stage->logits(x);
    mx::eval(logits);
    const auto vocab = static_cast<std::size_t>(logits.shape(1));
    const Token before = 0;
    for (int row = 0; row < n_rows; ++row) {
      const auto* at =
          logits.data<float>() + static_cast<std::size_t>(row) * vocab;
      sampler.sample({at, vocab}, sampling, std::span(&before, 1), 0, 0);
    }
  };
}

std::vector<Turn> StageProbe::turns(const ProbeBatch& batch) const {
  constexpr double kLayers = 8.0;
  constexpr double kEmbedding = 1.0;
  constexpr double kHead = 3.0;
  std::vector<Turn> turns{{layers_run(batch), kLayers}};
  if (stage_->has_embedding()) {
    turns.push_back({embedding_run(batch), kEmbedding});
  }
  if (head() != nullptr) {
    turns.push_back({head_run(batch), kHead});
  }
  return turns;
}

ProbeTimes StageProbe::times_of(const std::vector<double>& medians) const {
  return {
      medians.front(),
      stage_->has_embedding() ? medians[1] : 0.0,
      head() != nullptr ? medians.back() : 0.0};
}

ProbeTimes StageProbe::time(const ProbeBatch& batch, double budget_ms) {
  return times_of(time_in_turns(turns(batch), budget_ms));
}

ProbeRuns StageProbe::runs(const ProbeBatch& batch) const {
  return ProbeRuns(turns(batch));
}

} // namespace lockstep::engine
