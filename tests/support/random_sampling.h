#pragma once

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include "sched/sampling.h"

namespace lockstep::testing {

/// Settings within their bounds, all of them other than their defaults, with
/// lists of a few entries.
inline sched::Sampling random_sampling(std::mt19937& random, int vocab) {
  const auto number = [&](float least, float most) {
    return std::uniform_real_distribution(least, most)(random);
  };
  const auto integer = [&](int least, int most) {
    return std::uniform_int_distribution(least, most)(random);
  };
  const auto tokens = [&](int most) {
    std::vector<Token> list(static_cast<std::size_t>(integer(0, most)));
    for (auto& token : list) {
      token = integer(0, vocab - 1);
    }
    return list;
  };
  sched::Sampling sampling;
  for (const auto token : tokens(5)) {
    const float never = -std::numeric_limits<float>::infinity();
    sampling.logit_bias.push_back(
        {token, integer(0, 1) == 0 ? never : number(-9.0F, 9.0F)});
  }
  sampling.stop_tokens = tokens(3);
  sampling.min_tokens = integer(0, 9);
  sampling.vocab = vocab;
  sampling.repeat_penalty = number(0.5F, 2.0F);
  sampling.frequency_penalty = number(-2.0F, 2.0F);
  sampling.presence_penalty = number(-2.0F, 2.0F);
  sampling.repeat_last_n = integer(-1, 300);
  sampling.dry_multiplier = number(0.0F, 2.0F);
  sampling.dry_base = number(1.0F, 3.0F);
  sampling.dry_allowed_length = integer(1, 5);
  sampling.dry_last_n = integer(-1, 300);
  sampling.dry_breakers = tokens(40);
  std::sort(sampling.dry_breakers.begin(), sampling.dry_breakers.end());
  sampling.top_k = integer(0, 100);
  sampling.typical_p = number(0.0F, 1.0F);
  sampling.top_p = number(0.0F, 1.0F);
  sampling.min_p = number(0.0F, 1.0F);
  sampling.xtc_probability = number(0.0F, 1.0F);
  sampling.xtc_threshold = number(0.0F, 1.0F);
  sampling.temperature = number(0.0F, 2.0F);
  sampling.seed = (std::uint64_t{random()} << 32) | random();
  sampling.choice = integer(0, sched::kMostChoices - 1);
  return sampling;
}

} // namespace lockstep::testing
