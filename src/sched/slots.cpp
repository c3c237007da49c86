#include "sched/slots.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>

namespace lockstep::sched {

namespace {

/// A shorter beginning is computed again sooner than it is taken over.
constexpr int kLeastTaken = 16;

std::size_t index(int i) {
  return static_cast<std::size_t>(i);
}

} // namespace

Slots::Slots(const SlotOptions& options)
    : options_(options),
      tree_(options.n_slots),
      pages_(index(options.n_slots)),
      ended_at_(index(options.n_slots), 0) {
  for (int slot = options.n_slots - 1; slot >= 0; --slot) {
    free_slots_.push_back(slot);
  }
}

int Slots::pages_of(int n_places) const {
  return (n_places + options_.page - 1) / options_.page;
}

bool Slots::can_ever_hold(int n_places) const {
  return std::int64_t{pages_of(n_places)} * options_.page <= options_.places;
}

bool Slots::is_kept(int slot) const {
  const auto found = kept_.find(ended_at_[index(slot)]);
  return found != kept_.end() && found->second == slot;
}

std::optional<std::vector<int>> Slots::closings_for(
    int n_pages, bool needs_slot, int spared) const {
  const std::int64_t used =
      static_cast<std::int64_t>(n_users_.size() - free_pages_.size());
  std::int64_t free = options_.places / options_.page - used;
  bool has_slot = !needs_slot || !free_slots_.empty();
  std::vector<int> closed;
  std::map<int, int> n_less; // users of pages
  for (const auto& [when, slot] : kept_) {
    if (has_slot && free >= n_pages) {
      break;
    }
    if (slot == spared) {
      continue;
    }
    for (const int page : pages_[index(slot)]) {
      free += ++n_less[page] == n_users_[index(page)] ? 1 : 0;
    }
    closed.push_back(slot);
    has_slot = true;
  }
  if (!has_slot || free < n_pages) {
    return std::nullopt;
  }
  return closed;
}

/// Pages of a kept slot that it can have again when it goes on behind place
/// n_from: the full ones before that, and whatever is its alone.
int Slots::n_usable(int slot, int n_from) const {
  int n = 0;
  int i = 0;
  for (const int page : pages_[index(slot)]) {
    const bool full = i++ < n_from / options_.page;
    n += full || n_users_[index(page)] == 1 ? 1 : 0;
  }
  return n;
}

/// A kept slot that goes on behind its first places.
std::optional<Opening> Slots::going_on(
    int slot, int n_from, int n_pages) const {
  auto closed = closings_for(n_pages - n_usable(slot, n_from), false, slot);
  if (!closed) {
    return std::nullopt;
  }
  return Opening{slot, slot, n_from, n_pages, std::move(*closed)};
}

/// Another slot, which begins like `from` where that is one.
std::optional<Opening> Slots::beginning_like(
    int from, int n_from, int n_pages) const {
  const int shared = options_.shares_pages ? n_from / options_.page : 0;
  auto closed = closings_for(n_pages - shared, true, from);
  if (!closed) {
    return std::nullopt;
  }
  // The lowest one: what a slot has taken before is used again.
  const int slot = free_slots_.empty() ? closed->front() : free_slots_.back();
  return Opening{slot, from, n_from, n_pages, std::move(*closed)};
}

std::optional<Opening> Slots::find(
    std::span<const Token> beginning, int n_places) const {
  if (n_running_ == options_.most_running) {
    return std::nullopt;
  }
  const int n_pages = pages_of(n_places);
  const auto match = tree_.find(beginning);
  std::optional<Opening> opening;
  if (match.n_tokens >= kLeastTaken) {
    const bool kept = is_kept(match.slot);
    if (kept && match.n_tokens == tree_.n_tokens(match.slot)) {
      opening = going_on(match.slot, match.n_tokens, n_pages);
    }
    if (!opening) {
      opening = beginning_like(match.slot, match.n_tokens, n_pages);
    }
    if (!opening && kept) {
      opening = going_on(match.slot, match.n_tokens, n_pages);
    }
  }
  return opening ? opening : beginning_like(-1, 0, n_pages);
}

void Slots::open(const Opening& opening, std::span<const Token> beginning) {
  for (const int slot : opening.closed) {
    close(slot);
  }
  const int slot = opening.slot;
  if (opening.from == slot) {
    kept_.erase(ended_at_[index(slot)]);
    tree_.truncate(slot, opening.n_from);
    drop_pages(slot, index(pages_of(opening.n_from)));
    const auto& own = pages_[index(slot)];
    // It will write to the last one.
    if (opening.n_from % options_.page != 0 &&
        n_users_[index(own.back())] > 1) {
      drop_pages(slot, own.size() - 1);
    }
  } else {
    tree_.extend(slot, beginning.first(index(opening.n_from)));
    std::erase(free_slots_, slot);
    if (opening.from >= 0 && options_.shares_pages) {
      const auto& source = pages_[index(opening.from)];
      auto& own = pages_[index(slot)];
      own.assign(
          source.begin(), source.begin() + opening.n_from / options_.page);
      for (const int page : own) {
        ++n_users_[index(page)];
      }
    }
  }
  add_pages(
      slot, opening.n_pages - static_cast<int>(pages_[index(slot)].size()));
  ++n_running_;
}

void Slots::end(int slot) {
  --n_running_;
  // Pages that it reserved and did not come to are free.
  drop_pages(slot, index(pages_of(tree_.n_tokens(slot))));
  ended_at_[index(slot)] = ++n_ended_;
  kept_[n_ended_] = slot;
}

void Slots::close(int slot) {
  kept_.erase(ended_at_[index(slot)]);
  tree_.truncate(slot, 0);
  drop_pages(slot, 0);
  free_slots_.insert(
      std::upper_bound(
          free_slots_.begin(), free_slots_.end(), slot, std::greater<>()),
      slot);
}

void Slots::add_pages(int slot, int n) {
  for (; n > 0; --n) {
    if (free_pages_.empty()) {
      free_pages_.push_back(static_cast<int>(n_users_.size()));
      n_users_.push_back(0);
    }
    const int page = free_pages_.back();
    free_pages_.pop_back();
    n_users_[index(page)] = 1;
    pages_[index(slot)].push_back(page);
  }
}

void Slots::drop_pages(int slot, std::size_t n_left) {
  auto& own = pages_[index(slot)];
  while (own.size() > n_left) {
    if (--n_users_[index(own.back())] == 0) {
      free_pages_.push_back(own.back());
    }
    own.pop_back();
  }
}

} // namespace lockstep::sched
