#include "engine/slot_states.h"

#include <cstddef>
#include <span>
#include <utility>

#include "base/error.h"

namespace lockstep::engine {

SlotStates::SlotStates(std::unique_ptr<model::KvCache> cache, int n_slots)
    : cache_(std::move(cache)), slots_(static_cast<std::size_t>(n_slots)) {
}

void SlotStates::apply(const std::vector<sched::SlotOp>& ops) {
  for (const auto& op : ops) {
    auto& slot = slots_[static_cast<std::size_t>(op.slot)];
    if (op.from < 0) {
      slot.history.clear();
      cache_->close(op.slot);
    } else {
      // The check comes first: the cache trusts what it is told.
      slot.history.copy_prefix(at(op.from).history, op.n_from);
      cache_->copy(op.from, op.slot, op.n_from);
    }
    slot.sampling = op.sampling;
  }
}

void SlotStates::take(const sched::Batch& batch) {
  auto tokens = std::span(batch.tokens);
  for (const auto& row : batch.rows) {
    const auto own = tokens.first(static_cast<std::size_t>(row.n_tokens));
    tokens = tokens.subspan(own.size());
    auto& history = slots_[static_cast<std::size_t>(row.slot)].history;
    if (row.offset != history.size()) {
      fail(
          ErrorKind::diverged,
          "a row goes to place {} of slot {}, which holds {}",
          row.offset,
          row.slot,
          history.size());
    }
    history.append(row.offset, own);
  }
}

} // namespace lockstep::engine
