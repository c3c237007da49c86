#include "engine/measure.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <limits>
#include <utility>

#include "mlx/array.h"

#include "base/error.h"
#include "plan/partition.h"

namespace lockstep::engine {

namespace {

using world::Purpose;

constexpr double kAloneMs = 500.0;    // for all ranks, one after the other
constexpr double kTogetherMs = 250.0; // for each size of batch
constexpr int kPromptTokens = 512;

/// What a probe takes, by layer as weights are, and at both ends.
struct Timed {
  float per_cost = 0.0F; // milliseconds for one of token_costs()
  float embedding = 0.0F;
  float head = 0.0F;
};

/// What one rank tells the others: its threads, then each batch as in kMembers
/// by the members of Timed.
constexpr int kTold = 1 + 4 * 3;

constexpr std::array kMembers{
    &plan::RankTimes::alone,
    &plan::RankTimes::one,
    &plan::RankTimes::part,
    &plan::RankTimes::chunk};

/// True when it is so for any rank.
bool meet(const world::Group& group, bool own = false) {
  return group.all_max(Purpose::trial, mx::array(own ? 1.0F : 0.0F))
             .item<float>() > 0.0F;
}

Timed timed_of(
    const StageProbe& probe,
    const plan::Costs& costs,
    const ProbeTimes& times) {
  double cost = 0.0;
  for (int i = probe.layers().first; i < probe.layers().last; ++i) {
    cost += costs.layers[static_cast<std::size_t>(i)];
  }
  Timed timed;
  timed.per_cost = static_cast<float>(times.layers / cost);
  timed.embedding = static_cast<float>(times.embedding);
  timed.head = static_cast<float>(times.head);
  return timed;
}

/// As a single token goes round: what a rank finds in its caches is what the
/// others' runs left there.
ProbeTimes time_alone(const world::Group& group, const StageProbe& probe) {
  using Clock = std::chrono::steady_clock;
  constexpr int kLeastRounds = 5;
  auto runs = probe.runs({});
  const auto start = Clock::now();
  bool goes_on = true;
  for (int round = 0; goes_on; ++round) {
    const std::chrono::duration<double, std::milli> since =
        Clock::now() - start;
    const bool wants_more =
        group.is_first() && (round < kLeastRounds || since.count() < kAloneMs);
    for (int turn = 0; turn < group.size(); ++turn) {
      if (turn == group.rank()) {
        runs.once();
      }
      goes_on = meet(group, wants_more);
    }
  }
  return probe.times_of(runs.medians());
}

/// One rank's numbers, as they came.
class Told {
 public:
  Told(const float* numbers, int rank) : numbers_(numbers), rank_(rank) {}

  int threads() const {
    constexpr double kMost = 1e6;
    return static_cast<int>(number(0, 0.0, kMost));
  }
  Timed batch(std::size_t i) const {
    constexpr double kMost = 1e9; // milliseconds
    return {
        number(1 + 3 * i, std::numeric_limits<float>::min(), kMost),
        number(2 + 3 * i, 0.0, kMost),
        number(3 + 3 * i, 0.0, kMost)};
  }

 private:
  float number(std::size_t i, double least, double most) const {
    const float value = numbers_[i];
    if (!(value >= least && value <= most)) {
      fail(
          ErrorKind::diverged,
          "rank {} tells {} of its times, expected {} to {}",
          rank_,
          value,
          least,
          most);
    }
    return value;
  }

  const float* numbers_;
  int rank_;
};

/// Every rank's times of one batch. The ends, which only two ranks have, take
/// as much longer elsewhere as layers do.
std::vector<plan::Costs> costs_from(
    const std::vector<Timed>& timed, const plan::Costs& costs) {
  std::vector<plan::Costs> by_rank;
  for (const auto& rank : timed) {
    const double own = rank.per_cost;
    auto times = plan::at_speed(costs, 1.0 / own);
    times.first = timed.front().embedding * own / timed.front().per_cost;
    times.last = timed.back().head * own / timed.back().per_cost;
    by_rank.push_back(std::move(times));
  }
  return by_rank;
}

/// Takes in what all ranks tell.
Measured measured_from(
    const mx::array& all, int n_ranks, const plan::Costs& costs) {
  Measured measured;
  std::vector<Told> told;
  for (int rank = 0; rank < n_ranks; ++rank) {
    told.emplace_back(all.data<float>() + std::ptrdiff_t{rank} * kTold, rank);
    measured.threads.push_back(told.back().threads());
  }
  measured.times.ranks.resize(told.size());
  for (std::size_t i = 0; i < kMembers.size(); ++i) {
    std::vector<Timed> timed;
    timed.reserve(told.size());
    for (const auto& rank : told) {
      timed.push_back(rank.batch(i));
    }
    auto by_rank = costs_from(timed, costs);
    for (std::size_t rank = 0; rank < told.size(); ++rank) {
      measured.times.ranks[rank].*kMembers[i] = std::move(by_rank[rank]);
    }
  }
  return measured;
}

plan::Costs mean_of(const std::vector<const plan::Costs*>& all) {
  const double share = 1.0 / static_cast<double>(all.size());
  plan::Costs mean;
  mean.layers.assign(all.front()->layers.size(), 0.0);
  for (const auto* costs : all) {
    for (std::size_t i = 0; i < mean.layers.size(); ++i) {
      mean.layers[i] += share * costs->layers[i];
    }
    mean.first += share * costs->first;
    mean.last += share * costs->last;
  }
  return mean;
}

/// Ranks of one host with equally many threads are equally fast; what differs
/// between them is how exactly can be measured.
void even_out(Measured& measured, const std::vector<RankPlace>& places) {
  const auto before = measured.times.ranks;
  for (std::size_t rank = 0; rank < before.size(); ++rank) {
    for (const auto member : kMembers) {
      std::vector<const plan::Costs*> alike;
      for (std::size_t other = 0; other < before.size(); ++other) {
        if (places[other].host == places[rank].host &&
            measured.threads[other] == measured.threads[rank]) {
          alike.push_back(&(before[other].*member));
        }
      }
      measured.times.ranks[rank].*member = mean_of(alike);
    }
  }
}

} // namespace

Measured measure_ranks(
    const world::Group& group,
    const checkpoint::Checkpoint& checkpoint,
    const Setup& setup,
    StageProbe& probe,
    int n_streams) {
  const auto costs = plan::token_costs(checkpoint, setup.config);
  std::vector<float> told{static_cast<float>(setup.compute.threads)};
  const auto tell = [&told](const Timed& timed) {
    told.insert(told.end(), {timed.per_cost, timed.embedding, timed.head});
  };
  tell(timed_of(probe, costs, time_alone(group, probe)));
  const int part = (n_streams + group.size() - 1) / group.size();
  const int chunk = std::min(setup.chunk, setup.context);
  for (const auto& batch :
       {ProbeBatch{}, ProbeBatch{part, 1, part}, ProbeBatch{1, chunk, 1}}) {
    meet(group);
    tell(timed_of(probe, costs, probe.time(batch, kTogetherMs)));
  }
  auto measured = measured_from(
      group.all_gather(
          Purpose::trial, mx::array(told.data(), {kTold}, mx::float32)),
      group.size(),
      costs);
  even_out(measured, setup.places);
  measured.times.streams = n_streams;
  measured.times.part = part;
  measured.times.chunk = chunk;
  measured.times.prompt = std::min(kPromptTokens, setup.context);
  return measured;
}

} // namespace lockstep::engine
