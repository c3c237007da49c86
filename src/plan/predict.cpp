#include "plan/predict.h"

#include <algorithm>
#include <cmath>

#include "sched/stage_times.h"

namespace lockstep::plan {

namespace {

using Layers = std::vector<checkpoint::LayerRange>;

std::vector<double> stages_of(
    const WorldTimes& times, const Layers& layers, Costs RankTimes::* costs) {
  std::vector<double> stages;
  stages.reserve(layers.size());
  for (std::size_t rank = 0; rank < layers.size(); ++rank) {
    stages.push_back(cost_of(times.ranks[rank].*costs, layers[rank]));
  }
  return stages;
}

/// What the ranks take for any number of rows, as the scheduler learns it.
sched::StageTimes learnt(const WorldTimes& times, const Layers& layers) {
  const int n = static_cast<int>(layers.size());
  sched::StageTimes stages(n, times.streams);
  const auto record = [&](int rows, Costs RankTimes::* costs) {
    const auto ms = stages_of(times, layers, costs);
    for (int rank = 0; rank < n; ++rank) {
      const double us = 1e3 * ms[static_cast<std::size_t>(rank)];
      stages.record(
          rank, {rows, {}}, std::max(1, static_cast<int>(std::lround(us))));
    }
  };
  record(1, times.streams == 1 ? &RankTimes::alone : &RankTimes::one);
  if (times.part > 1) {
    record(times.part, &RankTimes::part);
  }
  return stages;
}

/// Milliseconds until all of the prompt went through all ranks.
double prompt_time(const WorldTimes& times, const Layers& layers) {
  const int n = static_cast<int>(layers.size());
  auto stages = stages_of(times, layers, &RankTimes::chunk);
  const double head = times.ranks.back().chunk.last; // once, at the end
  stages.back() -= head;
  const int n_chunks = (times.prompt + times.chunk - 1) / times.chunk;
  double sum = head;
  for (int tick = 0; tick < n_chunks + n - 1; ++tick) {
    double slowest = 0.0;
    for (int rank = 0; rank < n; ++rank) {
      const int chunk = tick - rank; // that is at this rank
      if (chunk >= 0 && chunk < n_chunks) {
        const int tokens =
            std::min(times.chunk, times.prompt - chunk * times.chunk);
        slowest = std::max(
            slowest,
            stages[static_cast<std::size_t>(rank)] * tokens / times.chunk);
      }
    }
    sum += slowest + times.prompt_ms;
  }
  return sum;
}

} // namespace

Prediction predict(const WorldTimes& times, const Layers& layers) {
  const int n = static_cast<int>(layers.size());
  const auto stages = learnt(times, layers);
  const int n_parts =
      std::min(times.streams, sched::choose_parts(stages, times.streams));
  const int rows = (times.streams + n_parts - 1) / n_parts;
  Prediction result;
  for (int rank = 0; rank < n; ++rank) {
    result.stage_ms.push_back(stages.tokens_take(rank, rows) / 1e3);
  }
  double round = 0.0; // after which each sequence has a token more
  for (int tick = 0; tick < n; ++tick) {
    double slowest = 0.0;
    for (int rank = 0; rank < n; ++rank) {
      // The part that entered `rank` ticks ago is there.
      if ((tick - rank + n) % n < n_parts) {
        slowest =
            std::max(slowest, result.stage_ms[static_cast<std::size_t>(rank)]);
      }
    }
    round += slowest + times.decode_ms;
  }
  for (const double stage : result.stage_ms) {
    result.busy.push_back(n_parts * stage / round);
  }
  result.tick_ms = round / n;
  result.generation_tps = 1e3 * times.streams / round;
  result.prompt_tps = 1e3 * times.prompt / prompt_time(times, layers);
  return result;
}

std::vector<Costs> costs_of(const WorldTimes& times) {
  std::vector<Costs> costs;
  for (const auto& rank : times.ranks) {
    const auto& answer = times.part > 1 ? rank.part : rank.one;
    const auto token = [&](double answers, double prompts) {
      return kAnswers * answers / times.part +
             (1.0 - kAnswers) * prompts / times.chunk;
    };
    auto& own = costs.emplace_back();
    for (std::size_t i = 0; i < answer.layers.size(); ++i) {
      own.layers.push_back(token(answer.layers[i], rank.chunk.layers[i]));
    }
    own.first = token(answer.first, rank.chunk.first);
    own.last = token(answer.last, 0.0); // prompts need none
  }
  return costs;
}

} // namespace lockstep::plan
