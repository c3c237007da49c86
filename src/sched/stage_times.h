#pragma once

#include <vector>

#include "sched/batch.h"
#include "sched/prompt_cost.h"

namespace lockstep::sched {

/// What a batch asks of a stage.
struct Load {
  int tokens = 0; // of sequences that answer, one each
  PromptLoad prompt;
};

Load load_of(const Batch& batch);

/// How long each stage takes for a batch, learnt from what stages measured:
/// for tokens by their number, for prompts what they cost on top of that. Older
/// measurements count less and less.
class StageTimes {
 public:
  StageTimes(int n_stages, int most_tokens);

  void record(int stage, const Load& load, int microseconds);

  /// Microseconds; 0 = nothing known of this stage yet. Between numbers of
  /// tokens that were seen in a straight line, beyond them in proportion.
  double tokens_take(int stage, double n_tokens) const;
  const PromptCost& prompt(int stage) const;
  int n_stages() const { return static_cast<int>(stages_.size()); }

 private:
  struct Stage {
    std::vector<double> by_tokens; // 0 = never seen
    PromptCost prompt;
  };
  std::vector<Stage> stages_;
};

/// Into how many parts sequences that answer are divided, which follow one
/// another through the stages. A token of each needs n_stages ticks, a tick
/// takes as long as its slowest stage: the number for which those ticks
/// together take least, all of n_stages while nothing is known.
int choose_parts(const StageTimes& times, int n_sequences);

/// How many tokens of a prompt, of which `offset` have entered, may enter
/// beside `n_tokens` answering sequences of the same tick, so that no stage
/// takes more than `stretch` times what the slowest takes without; but at least
/// one, and at most `most`.
int choose_prompt_tokens(
    const StageTimes& times,
    int n_tokens,
    int offset,
    double stretch,
    int most);

} // namespace lockstep::sched
