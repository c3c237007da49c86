#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/types.h"
#include "sched/sampling.h"

namespace lockstep::sched {

using RequestId = std::int64_t;

/// Bounds of what may be asked; also of what a header may say.
inline constexpr int kMostTopLogprobs = 20;

struct Request {
  RequestId id = 0;
  std::vector<Token> prompt; // at least one token
  Sampling sampling;
  int max_tokens = 0; // at least 1, or 0 with score_from
  int n_top = 0;      // log-probabilities of so many best tokens at each place
  /// Score the prompt instead of answering it: from this place on, the
  /// log-probability of each prompt token given those before it.
  std::optional<int> score_from;
};

/// The tokens of its prompt whose places need not be computed anew where a slot
/// holds them: at the others something is wanted.
std::span<const Token> reusable(const Request& request);

/// Throws Error{request} when a request can never run in a context of so many
/// tokens by a model with so many ids: an empty prompt, nothing asked for, too
/// long, or a setting out of bounds.
void check(const Request& request, int context, int vocab);

enum class FinishReason { stop, length, cancelled };

struct TokenLogprob {
  Token token = -1;
  float logprob = 0.0F; // natural logarithm, of the unmodified distribution
};

/// What the last rank says about one wanted place.
struct Sampled {
  TokenLogprob chosen;
  std::vector<TokenLogprob> top; // best first
};

/// One token of a request: sampled, or scored when the request asked for that.
struct TokenEvent {
  RequestId id = 0;
  int index = 0; // sampled: place in the answer; scored: place in the prompt
  Sampled sampled;
  std::optional<FinishReason> finish;
  int n_reused = 0; // tokens of the prompt that needed no computing
};

} // namespace lockstep::sched
