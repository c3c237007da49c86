#include "sched/stage_times.h"

#include <algorithm>
#include <cstddef>

namespace lockstep::sched {

namespace {

constexpr double kNew = 0.125;     // weight of a measurement
constexpr int kUnknownPrompt = 16; // tokens, before any was measured
/// Fewer tokens of a prompt take no less time: attention reads all that stands
/// before them once for so many.
constexpr int kLeastPrompt = 4;

void learn(double& known, double measured) {
  known = known == 0.0 ? measured : known + kNew * (measured - known);
}

} // namespace

Load load_of(const Batch& batch) {
  Load load;
  for (const auto& row : batch.rows) {
    // A prompt of one token costs what a token costs.
    (row.n_tokens == 1 ? load.tokens : load.prompt) += row.n_tokens;
  }
  return load;
}

StageTimes::StageTimes(int n_stages, int most_tokens)
    : stages_(
          static_cast<std::size_t>(n_stages),
          {std::vector<double>(static_cast<std::size_t>(most_tokens) + 1),
           0.0}) {
}

void StageTimes::record(int stage, const Load& load, int microseconds) {
  auto& known = stages_[static_cast<std::size_t>(stage)];
  const auto tokens = static_cast<std::size_t>(load.tokens);
  if (microseconds <= 0 || tokens >= known.by_tokens.size()) {
    return;
  }
  if (load.prompt == 0 && load.tokens > 0) {
    learn(known.by_tokens[tokens], microseconds);
  } else if (load.prompt > 0) {
    const double beside = tokens_take(stage, load.tokens);
    learn(
        known.prompt_token,
        std::max(1e-3, (microseconds - beside) / load.prompt));
  }
}

double StageTimes::tokens_take(int stage, double n_tokens) const {
  const auto& times = stages_[static_cast<std::size_t>(stage)].by_tokens;
  if (n_tokens <= 0.0) {
    return 0.0;
  }
  // The nearest that are known, below (or equal) and above.
  double low = 0.0;
  double low_time = 0.0;
  for (std::size_t n = 1; n < times.size(); ++n) {
    if (times[n] == 0.0) {
      continue;
    }
    const auto at = static_cast<double>(n);
    if (at <= n_tokens) {
      low = at;
      low_time = times[n];
      continue;
    }
    if (low == 0.0) {
      return times[n]; // fewer tokens than ever seen: not more than these take
    }
    return low_time + (times[n] - low_time) * (n_tokens - low) / (at - low);
  }
  return low == 0.0 ? 0.0 : low_time * n_tokens / low;
}

double StageTimes::prompt_token_takes(int stage) const {
  return stages_[static_cast<std::size_t>(stage)].prompt_token;
}

int choose_parts(const StageTimes& times, int n_sequences) {
  const int n = times.n_stages();
  int best = n;
  double best_time = 0.0;
  // From many parts to few: among equals many keep every stage at work.
  for (int parts = n; parts >= 1; --parts) {
    const int share = (n_sequences + parts - 1) / parts;
    double round = 0.0;
    for (int tick = 0; tick < n; ++tick) {
      double slowest = 0.0;
      for (int stage = 0; stage < n; ++stage) {
        // The part that entered `stage` ticks ago is there.
        if ((tick - stage + n) % n < parts) {
          const double time = times.tokens_take(stage, share);
          if (time == 0.0) {
            return n;
          }
          slowest = std::max(slowest, time);
        }
      }
      round += slowest;
    }
    if (parts == n || round < 0.97 * best_time) {
      best = parts;
      best_time = round;
    }
  }
  return best;
}

int choose_prompt_tokens(
    const StageTimes& times, int n_tokens, double stretch, int most) {
  double slowest = 0.0;
  for (int stage = 0; stage < times.n_stages(); ++stage) {
    slowest = std::max(slowest, times.tokens_take(stage, n_tokens));
  }
  double fit = most;
  for (int stage = 0; stage < times.n_stages(); ++stage) {
    const double each = times.prompt_token_takes(stage);
    if (each == 0.0 || slowest == 0.0) {
      return std::min(most, kUnknownPrompt);
    }
    fit = std::min(
        fit, (stretch * slowest - times.tokens_take(stage, n_tokens)) / each);
  }
  return std::min(most, std::max(kLeastPrompt, static_cast<int>(fit)));
}

} // namespace lockstep::sched
