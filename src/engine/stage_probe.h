#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "mlx/array.h"

#include "checkpoint/checkpoint.h"
#include "engine/setup.h"
#include "model/kv_cache.h"
#include "model/stage.h"

namespace lockstep::engine {

namespace mx = mlx::core;

/// Milliseconds that one run takes: the median over stretches of `budget_ms`,
/// after a first run that does not count. At least two runs.
double time_runs(const std::function<void()>& run, double budget_ms);

/// What a batch is made of, as far as its time goes.
struct ProbeBatch {
  int n_slots = 1;  // sequences that it has rows of
  int n_tokens = 1; // of each
  int n_wanted = 1; // rows at which logits are wanted
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

  /// Milliseconds of the layers that it holds, while sequences get longer from
  /// 0 to the depth that is usual for answers or prompts.
  double layers_ms(const ProbeBatch& batch, double budget_ms);
  /// 0 where there is no embedding.
  double embedding_ms(const ProbeBatch& batch, double budget_ms);
  /// With sampling; 0 where there is no head.
  double head_ms(const ProbeBatch& batch, double budget_ms);

  const checkpoint::LayerRange& layers() const { return stage_->layers(); }

 private:
  mx::array hidden(int n_rows) const;
  const model::Stage* head() const;

  const Setup& setup_;
  std::optional<model::Stage> stage_;
  std::optional<model::Stage> end_; // with the head, where stage_ has none
};

} // namespace lockstep::engine
