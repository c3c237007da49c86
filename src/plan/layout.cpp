#include "plan/layout.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/units.h"

namespace lockstep::plan {

namespace {

using checkpoint::LayerRange;
using Layers = std::vector<LayerRange>;

constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();

/// The needs of every range of layers, and who may hold them.
class Rooms {
 public:
  Rooms(const MemoryModel& memory, const std::vector<RankRoom>& rooms)
      : rooms_(rooms), n_layers_(memory.n_layers()) {
    for (int first = 0; first < n_layers_; ++first) {
      auto& row = needs_.emplace_back();
      for (int last = first + 1; last <= n_layers_; ++last) {
        row.push_back(memory.needs_of({first, last}));
      }
    }
  }

  const RankRoom& of(int rank) const {
    return rooms_[static_cast<std::size_t>(rank)];
  }
  const StageNeeds& needs(const LayerRange& layers) const {
    return needs_[static_cast<std::size_t>(layers.first)]
                 [static_cast<std::size_t>(layers.size() - 1)];
  }
  /// Whether the rank may take so much, or would if its limit were larger.
  bool fit(
      int rank,
      const LayerRange& layers,
      std::uint64_t n_pages,
      std::uint64_t more) const {
    const auto limit = of(rank).limit;
    return limit == 0 || needs(layers).total(n_pages) <= limit + more;
  }

 private:
  const std::vector<RankRoom>& rooms_;
  int n_layers_;
  std::vector<std::vector<StageNeeds>> needs_; // by first layer, by size - 1
};

/// The fastest split that gives each rank at most so much more than its limit.
class Splitter {
 public:
  Splitter(const std::vector<Costs>& costs, const Rooms& rooms)
      : costs_(costs), rooms_(rooms) {}

  std::optional<Layers> operator()(
      std::uint64_t n_pages, std::uint64_t more = 0) const {
    return split_layers(costs_, [&](int rank, const LayerRange& layers) {
      return rooms_.fit(rank, layers, n_pages, more);
    });
  }

 private:
  const std::vector<Costs>& costs_;
  const Rooms& rooms_;
};

/// The fastest split with as many pages as can be.
std::optional<Layout> fullest(const Splitter& split, std::uint64_t wanted) {
  auto most = std::max<std::uint64_t>(1, wanted);
  auto best = split(most);
  if (best) {
    return Layout{std::move(*best), most};
  }
  // Room for fewer is never harder to find.
  std::uint64_t known = 0; // that fit
  while (most - known > 1) {
    const auto middle = known + (most - known) / 2;
    if (auto found = split(middle)) {
      best = std::move(found);
      known = middle;
    } else {
      most = middle;
    }
  }
  return best ? std::optional(Layout{std::move(*best), known}) : std::nullopt;
}

/// Nothing fits: finds the least by which all limits together would have to
/// grow, and names the rank that needs all of that.
[[noreturn]] void refuse(const Rooms& rooms, const Splitter& split) {
  std::uint64_t enough = kMost / 2;
  std::uint64_t short_by = 0;
  while (enough - short_by > 1) {
    const auto middle = short_by + (enough - short_by) / 2;
    (split(1, middle) ? enough : short_by) = middle;
  }
  const auto layers = *split(1, enough);
  int rank = 0;
  while (rooms.fit(rank, layers[static_cast<std::size_t>(rank)], 1, short_by)) {
    ++rank;
  }
  const auto& own = layers[static_cast<std::size_t>(rank)];
  const auto& needs = rooms.needs(own);
  fail(
      ErrorKind::memory,
      "no split of the layers fits; {} is the tightest: it may take {}, and "
      "with layers {}-{} it needs at least {}, {} more: {}; raise its limit, "
      "or "
      "take more ranks",
      rooms.of(rank).name,
      format_bytes(rooms.of(rank).limit),
      own.first,
      own.last - 1,
      format_bytes(needs.least()),
      format_bytes(enough),
      needs_text(needs));
}

} // namespace

std::string needs_text(const StageNeeds& needs) {
  return fmt::format(
      "{} for weights, {} for its work and {} for {}",
      format_bytes(needs.weights),
      format_bytes(needs.work),
      format_bytes(std::max(needs.reading, needs.page)),
      needs.reading > needs.page ? "reading the head" : "keys and values");
}

std::optional<Layout> find_layout(
    const std::vector<Costs>& costs,
    const MemoryModel& memory,
    const std::vector<RankRoom>& rooms,
    std::uint64_t wanted) {
  const Rooms table(memory, rooms);
  return fullest(Splitter(costs, table), wanted);
}

Layout choose_layout(
    const std::vector<Costs>& costs,
    const MemoryModel& memory,
    const std::vector<RankRoom>& rooms,
    std::uint64_t wanted) {
  const Rooms table(memory, rooms);
  const Splitter split(costs, table);
  auto layout = fullest(split, wanted);
  if (!layout) {
    refuse(table, split);
  }
  return std::move(*layout);
}

} // namespace lockstep::plan
