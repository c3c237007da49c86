#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "base/types.h"
#include "sched/words.h"

namespace lockstep::sched {

/// Most entries of the lists of a Sampling, and what else bounds it.
inline constexpr int kMostLogitBiases = 1024;
inline constexpr int kMostStopTokens = 64;
inline constexpr int kMostBreakers = 16384;
inline constexpr int kMostChoices = 128;
/// Stands for the number of a model's ids where no model is known yet.
inline constexpr int kAnyVocab = std::numeric_limits<int>::max();

/// What is added to one token's logit.
struct LogitBias {
  Token token = 0;
  float bias = 0.0F; // -infinity = never
  bool operator==(const LogitBias&) const = default;
};

/// How the tokens of one answer are chosen from logits; the steps are taken in
/// the order of the fields. docs/sampling.md says what each one does.
struct Sampling {
  std::vector<LogitBias> logit_bias;
  std::vector<Token> stop_tokens; // end the answer, not part of it
  int min_tokens = 0;             // no stop token before so many others
  /// Only smaller ids are chosen: a model may have rows beyond its tokenizer's
  /// vocabulary. 0 = all that the model has.
  int vocab = 0;

  float repeat_penalty = 1.0F;    // 1 = none
  float frequency_penalty = 0.0F; // 0 = none
  float presence_penalty = 0.0F;  // 0 = none
  int repeat_last_n = 64;         // 0 = none, -1 = all before

  float dry_multiplier = 0.0F; // 0 = none
  float dry_base = 1.75F;
  int dry_allowed_length = 2;
  int dry_last_n = -1;             // 0 = none, -1 = all before
  std::vector<Token> dry_breakers; // ascending; no repetition has one in it

  int top_k = 40;               // 0 = all
  float typical_p = 1.0F;       // 1 = all
  float top_p = 0.95F;          // 1 = all
  float min_p = 0.05F;          // 0 = all
  float xtc_probability = 0.0F; // 0 = never
  float xtc_threshold = 0.1F;   // more than 0.5 = never
  float temperature = 0.8F;     // 0 = the most likely token

  /// The random numbers' stream: the same for the same seed and choice,
  /// whatever else runs.
  std::uint64_t seed = 0;
  int choice = 0; // which of several answers to the same prompt
  bool operator==(const Sampling&) const = default;
};

/// Throws Error{request} naming the field, its value and its bounds. `vocab`:
/// ids that the model has.
void check(const Sampling& sampling, int vocab = kAnyVocab);

/// Words that it takes, and the most that any takes.
int sampling_words(const Sampling& sampling);
int most_sampling_words();

void put(WordWriter& out, const Sampling& sampling);
/// Throws Error{diverged} when the words are none or break a bound.
Sampling get_sampling(WordReader& in, int vocab);

} // namespace lockstep::sched
