#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/config.h"
#include "engine/compute.h"
#include "engine/engine.h"
#include "engine/memory.h"
#include "engine/stats.h"
#include "link/lifeline.h"
#include "model/stage.h"
#include "world/exchange.h"
#include "world/exchange_kind.h"
#include "world/group.h"

namespace lockstep::engine {

struct SessionOptions {
  world::ExchangeKind exchange = world::ExchangeKind::automatic;
  ComputeOptions compute;
  int context = 0; // most tokens of one sequence; 0 = all that the model allows
  int n_slots = 1; // sequences at a time
  bool scores = false;          // whole chunks of prompts are scored
  std::uint64_t max_memory = 0; // bytes of each rank; 0 = what there is
  /// Most prompt tokens of one tick; 0 = few where several ranks are to be busy
  /// at once, many for one alone.
  int chunk = 0;
  std::string version; // of this program
  /// Told the share of this rank's weights that has been read, 0 … 1.
  std::function<void(double)> on_load;
};

/// The context that `asked` tokens (0 = all) mean for a model. Throws
/// Error{request} when the model has less.
int context_of(const checkpoint::ModelConfig& config, int asked);

/// A model on the ranks of a group, ready to run: this rank's stage, the plan
/// that all agreed on, and the engine. Main thread only; one per process.
class Session {
 public:
  /// Collective: every rank of `group` opens the same checkpoint. Keeps
  /// references to all three. Throws Error.
  Session(
      const world::Group& group,
      const checkpoint::Checkpoint& checkpoint,
      const SessionOptions& options,
      link::Lifeline& lifeline);

  Engine& engine() { // valid as long as the session
    return *engine_;
  }
  const checkpoint::ModelConfig& config() const { return config_; }
  int n_ranks() const { return group_.size(); }
  int context() const { // tokens
    return context_;
  }
  /// The exchange that is used, never automatic.
  world::ExchangeKind exchange() const { return exchange_kind_; }
  /// Whether it was chosen by measuring, not by the user.
  bool exchange_is_chosen() const { return exchange_is_chosen_; }
  /// Places of the cache, of all sequences together.
  std::int64_t places() const { return memory_.places; }
  /// What the user should know of how this rank computes; empty = nothing.
  const std::vector<std::string>& warnings() const { return compute_.warnings; }

  /// Collective, after the last tick: every rank's report, on all ranks.
  std::vector<RankReport> gather_reports() const;

 private:
  RankReport own_report() const;

  const world::Group& group_;
  const checkpoint::Checkpoint& checkpoint_;
  checkpoint::ModelConfig config_;
  int context_;
  Compute compute_;
  MemoryPlan memory_;
  std::optional<model::Stage> stage_;
  world::ExchangeKind exchange_kind_;
  bool exchange_is_chosen_;
  std::unique_ptr<world::Exchange> exchange_;
  std::unique_ptr<Engine> engine_;
};

} // namespace lockstep::engine
