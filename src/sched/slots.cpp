#include "sched/slots.h"

#include <algorithm>
#include <cstddef>

namespace lockstep::sched {

Slots::Slots(const SlotOptions& options)
    : options_(options), held_(static_cast<std::size_t>(options.n_slots), 0) {
  for (int slot = 0; slot < options.n_slots; ++slot) {
    free_.push_back(slot);
  }
}

std::int64_t Slots::rounded(int n_places) const {
  const std::int64_t step = options_.step;
  return (n_places + step - 1) / step * step;
}

bool Slots::can_ever_hold(int n_places) const {
  return rounded(n_places) <= options_.places;
}

bool Slots::can_hold(int n_places) const {
  return !free_.empty() && n_held_ + rounded(n_places) <= options_.places;
}

int Slots::take(int n_places) {
  // The lowest one: what a slot has allocated before is used again.
  const auto lowest = std::min_element(free_.begin(), free_.end());
  const int slot = *lowest;
  free_.erase(lowest);
  held_[static_cast<std::size_t>(slot)] = rounded(n_places);
  n_held_ += rounded(n_places);
  return slot;
}

void Slots::release(int slot) {
  releasing_.push_back(slot);
}

std::optional<int> Slots::close_next() {
  if (releasing_.empty()) {
    return std::nullopt;
  }
  const int slot = releasing_.front();
  releasing_.pop_front();
  auto& held = held_[static_cast<std::size_t>(slot)];
  n_held_ -= held;
  held = 0;
  free_.push_back(slot);
  return slot;
}

} // namespace lockstep::sched
