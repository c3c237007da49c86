#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/config.h"
#include "engine/engine.h"
#include "engine/memory.h"
#include "engine/session_options.h"
#include "engine/setup.h"
#include "engine/stats.h"
#include "link/lifeline.h"
#include "model/stage.h"
#include "world/exchange.h"
#include "world/exchange_kind.h"
#include "world/group.h"

namespace lockstep::engine {

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
  const checkpoint::ModelConfig& config() const { return setup_.config; }
  int n_ranks() const { return group_.size(); }
  int context() const { // tokens
    return setup_.context;
  }
  /// The exchange that is used, never automatic.
  world::ExchangeKind exchange() const { return exchange_kind_; }
  /// Whether it was chosen by measuring, not by the user.
  bool exchange_is_chosen() const { return exchange_is_chosen_; }
  /// Places of the cache, of all sequences together.
  std::int64_t places() const { return memory_.places; }
  /// What the user should know of how this rank computes; empty = nothing.
  const std::vector<std::string>& warnings() const {
    return setup_.compute.warnings;
  }

  /// Collective, after the last tick: every rank's report, on all ranks.
  std::vector<RankReport> gather_reports() const;

 private:
  void make_engine(int n_slots, link::Lifeline& lifeline);
  RankReport own_report() const;

  const world::Group& group_;
  const checkpoint::Checkpoint& checkpoint_;
  Setup setup_;
  MemoryPlan memory_;
  std::optional<model::Stage> stage_;
  world::ExchangeKind exchange_kind_;
  bool exchange_is_chosen_;
  std::unique_ptr<world::Exchange> exchange_;
  std::unique_ptr<Engine> engine_;
};

} // namespace lockstep::engine
