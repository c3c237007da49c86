#pragma once

#include <memory>
#include <vector>

#include "engine/token_history.h"
#include "model/kv_cache.h"
#include "sched/header.h"

namespace lockstep::engine {

/// What one rank holds of each slot: the tokens, their keys and values in its
/// layers, and how its sequence is sampled. Main thread only.
class SlotStates {
 public:
  SlotStates(std::unique_ptr<model::KvCache> cache, int n_slots);

  /// Opens and closes slots, in the order of the header. Throws
  /// Error{diverged} when a slot is to begin with more than another holds.
  void apply(const std::vector<sched::SlotOp>& ops);
  /// The batch's tokens go to their slots; after apply() of its header and
  /// before its layers run. Throws Error{diverged} when a row does not go on
  /// where its slot ends.
  void take(const sched::Batch& batch);

  model::KvCache& cache() { return *cache_; }
  const model::KvCache& cache() const { return *cache_; }
  const sched::Sampling& sampling(int slot) const { return at(slot).sampling; }
  const TokenHistory& history(int slot) const { return at(slot).history; }

 private:
  struct Slot {
    sched::Sampling sampling;
    TokenHistory history;
  };

  const Slot& at(int slot) const {
    return slots_[static_cast<std::size_t>(slot)];
  }

  std::unique_ptr<model::KvCache> cache_;
  std::vector<Slot> slots_;
};

} // namespace lockstep::engine
