#include "sched/stage_times.h"

#include <algorithm>
#include <cstddef>

namespace lockstep::sched {

namespace {

constexpr double kNew = 0.125;     // weight of a measurement
constexpr int kUnknownPrompt = 16; // tokens, before any was measured

void learn(double& known, double measured) {
  known = known == 0.0 ? measured : known + kNew * (measured - known);
}

} // namespace

Load load_of(const Batch& batch) {
  Load load;
  for (const auto& row : batch.rows) {
    // An answer's row is sampled, and of one token.
    if (row.n_tokens == 1 && row.n_wanted == 1 && row.index > 0) {
      ++load.tokens;
    } else {
      load.prompt.add(row.n_tokens, row.offset);
    }
  }
  return load;
}

StageTimes::StageTimes(int n_stages, int most_tokens)
    : stages_(
          static_cast<std::size_t>(n_stages),
          {std::vector<double>(static_cast<std::size_t>(most_tokens) + 1),
           {}}) {
}

void StageTimes::record(int stage, const Load& load, int microseconds) {
  auto& known = stages_[static_cast<std::size_t>(stage)];
  const auto tokens = static_cast<std::size_t>(load.tokens);
  if (microseconds <= 0 || tokens >= known.by_tokens.size()) {
    return;
  }
  if (load.prompt.tokens == 0 && load.tokens > 0) {
    learn(known.by_tokens[tokens], microseconds);
  } else if (load.prompt.tokens > 0) {
    known.prompt.record(
        load.prompt,
        std::max(1.0, microseconds - tokens_take(stage, load.tokens)));
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

const PromptCost& StageTimes::prompt(int stage) const {
  return stages_[static_cast<std::size_t>(stage)].prompt;
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
    const StageTimes& times,
    int n_tokens,
    int offset,
    double stretch,
    int most) {
  double slowest = 0.0;
  for (int stage = 0; stage < times.n_stages(); ++stage) {
    slowest = std::max(slowest, times.tokens_take(stage, n_tokens));
  }
  double fit = most;
  for (int stage = 0; stage < times.n_stages(); ++stage) {
    const auto& prompt = times.prompt(stage);
    if (!prompt.known() || slowest == 0.0) {
      return std::min(most, kUnknownPrompt);
    }
    // Costs are straight lines in the number of tokens.
    PromptLoad one;
    one.add(1, offset);
    PromptLoad two;
    two.add(2, offset);
    const double each = prompt.of(two) - prompt.of(one);
    const double room = stretch * slowest - times.tokens_take(stage, n_tokens) -
                        (prompt.of(one) - each);
    fit = std::min(fit, each > 0.0 ? room / each : most);
  }
  return std::clamp(static_cast<int>(std::max(fit, 1.0)), 1, most);
}

} // namespace lockstep::sched
