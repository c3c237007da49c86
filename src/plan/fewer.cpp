#include "plan/fewer.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace lockstep::plan {

namespace {

constexpr double kClearly = 1.05; // predictions are not that exact

double of_all_layers(const Costs& costs) {
  return std::accumulate(costs.layers.begin(), costs.layers.end(), 0.0);
}

/// The n ranks that are fastest, in their order.
std::vector<int> fastest(const WorldTimes& times, std::size_t n) {
  std::vector<int> ranks(times.ranks.size());
  std::iota(ranks.begin(), ranks.end(), 0);
  std::stable_sort(ranks.begin(), ranks.end(), [&](int a, int b) {
    return of_all_layers(times.ranks[static_cast<std::size_t>(a)].alone) <
           of_all_layers(times.ranks[static_cast<std::size_t>(b)].alone);
  });
  ranks.resize(n);
  std::sort(ranks.begin(), ranks.end());
  return ranks;
}

/// The times that these ranks would have without the others.
WorldTimes without_others(
    const WorldTimes& times,
    const std::vector<RankSeat>& seats,
    const std::vector<int>& ranks) {
  auto fewer = times;
  fewer.ranks.clear();
  if (ranks.size() == 1) {
    fewer.decode_ms = 0.0;
    fewer.prompt_ms = 0.0;
  }
  for (const int rank : ranks) {
    const auto& seat = seats[static_cast<std::size_t>(rank)];
    const auto before =
        std::count_if(seats.begin(), seats.end(), [&](const RankSeat& other) {
          return other.host == seat.host;
        });
    const auto now = std::count_if(ranks.begin(), ranks.end(), [&](int other) {
      return seats[static_cast<std::size_t>(other)].host == seat.host;
    });
    auto own = times.ranks[static_cast<std::size_t>(rank)];
    const double cores = seat.shares_cores ? static_cast<double>(before) /
                                                 static_cast<double>(now)
                                           : 1.0;
    const double undisturbed =
        now == 1 ? of_all_layers(own.one) / of_all_layers(own.alone) : 1.0;
    own.alone = at_speed(std::move(own.alone), cores);
    for (auto* costs : {&own.one, &own.part, &own.chunk}) {
      *costs = at_speed(std::move(*costs), cores * undisturbed);
    }
    fewer.ranks.push_back(std::move(own));
  }
  return fewer;
}

} // namespace

std::optional<Fewer> faster_with_fewer(
    const WorldTimes& times,
    const Prediction& now,
    const std::vector<RankSeat>& seats,
    const MemoryModel& memory,
    const std::vector<RankRoom>& rooms,
    std::uint64_t n_pages) {
  std::optional<Fewer> best;
  double most = kClearly * now.generation_tps;
  for (std::size_t n = 1; n < times.ranks.size(); ++n) {
    auto ranks = fastest(times, n);
    const auto fewer = without_others(times, seats, ranks);
    std::vector<RankRoom> left;
    left.reserve(ranks.size());
    for (const int rank : ranks) {
      left.push_back(rooms[static_cast<std::size_t>(rank)]);
    }
    const auto layout = find_layout(costs_of(fewer), memory, left, n_pages);
    if (!layout || layout->n_pages < n_pages) {
      continue;
    }
    const auto predicted = predict(fewer, layout->layers);
    if (predicted.generation_tps > most) {
      most = predicted.generation_tps;
      best = Fewer{std::move(ranks), predicted};
    }
  }
  return best;
}

} // namespace lockstep::plan
