#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "mlx/array.h"

#include "checkpoint/checkpoint.h"
#include "engine/setup.h"
#include "model/stage.h"

namespace lockstep::engine {

namespace mx = mlx::core;

/// Something to be timed, and how much of the time it may have.
struct Turn {
  std::function<void()> run;
  double share = 1.0; // against the other turns
};

/// Milliseconds that one run of each takes: the median over stretches of
/// `budget_ms`, after a first run that does not count. All take turns, so that
/// what disturbs one disturbs the others as well. At least two stretches.
std::vector<double> time_in_turns(
    const std::vector<Turn>& turns, double budget_ms);

/// The same by single runs, for who lets others go between them.
class ProbeRuns {
 public:
  explicit ProbeRuns(std::vector<Turn> parts);

  /// One run of each.
  void once();
  /// Milliseconds that each takes: the median of its runs, without the first.
  std::vector<double> medians() const;

 private:
  std::vector<Turn> parts_;
  std::vector<std::vector<double>> ms_;
};

/// What a batch is made of, as far as its time goes.
struct ProbeBatch {
  int n_slots = 1;  // sequences that it has rows of
  int n_tokens = 1; // of each
  int n_wanted = 1; // rows at which logits are wanted
};

/// Milliseconds.
struct ProbeTimes {
  double layers = 0.0;    // all that are held
  double embedding = 0.0; // 0 where there is none
  double head = 0.0;      // with sampling; 0 where there is none
};

/// Real layers of one rank's share of a model, to be timed: so many that
/// processors' caches do not hold them all, as they will not hold the whole
/// share. Main thread only.
class StageProbe {
 public:
  /// Reads the layers that it holds, the embedding on rank 0, the head on the
  /// last rank. Keeps a reference to `setup`.
  StageProbe(
      const Setup& setup, const checkpoint::Checkpoint& checkpoint, int rank);

  /// Times a batch, while sequences get longer from 0 to the depth that is
  /// usual for answers or prompts.
  ProbeTimes time(const ProbeBatch& batch, double budget_ms);
  /// To be run once and again; times_of() tells what its medians mean.
  ProbeRuns runs(const ProbeBatch& batch) const;
  ProbeTimes times_of(const std::vector<double>& medians) const;

  const checkpoint::LayerRange& layers() const { return stage_->layers(); }

 private:
  std::vector<Turn> turns(const ProbeBatch& batch) const;
  mx::array hidden(int n_rows) const;
  const model::Stage* head() const;
  std::function<void()> layers_run(const ProbeBatch& batch) const;
  std::function<void()> embedding_run(const ProbeBatch& batch) const;
  std::function<void()> head_run(const ProbeBatch& batch) const;

  const Setup& setup_;
  std::optional<model::Stage> stage_;
  std::optional<model::Stage> end_; // with the head, where stage_ has none
};

} // namespace lockstep::engine
