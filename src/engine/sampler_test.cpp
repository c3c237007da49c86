#include "engine/sampler.h"

#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"
#include "engine/random.h"

namespace lockstep::engine {

namespace {

std::vector<float> sample_logits() {
  return {
      std::log(0.5F),
      std::log(0.2F),
      std::log(0.15F),
      std::log(0.1F),
      std::log(0.05F)};
}

/// No step but what a test adds.
sched::Sampling plain(float temperature, std::uint64_t seed) {
  sched::Sampling sampling;
  sampling.temperature = temperature;
  sampling.top_k = 0;
  sampling.top_p = 1.0F;
  sampling.min_p = 0.0F;
  sampling.seed = seed;
  return sampling;
}

std::map<Token, double> frequencies(const sched::Sampling& sampling) {
  constexpr int kDraws = 20000;
  std::map<Token, double> counts;
  for (int i = 0; i < kDraws; ++i) {
    counts[sample_token(sample_logits(), sampling, i, 0).chosen.token] +=
        1.0 / kDraws;
  }
  return counts;
}

} // namespace

TEST_CASE("philox gives the numbers of its authors' known-answer tests") {
  // Seen to fail with: 9 rounds.
  using Words = std::array<std::uint32_t, 4>;
  CHECK(
      philox({0, 0, 0, 0}, {0, 0}) ==
      Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr auto kOnes = 0xffffffffU;
  CHECK(
      philox({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}) ==
      Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(
      philox(
          {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
          {0xa4093822, 0x299f31d0}) ==
      Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("temperature 0 takes the likeliest, ties the smaller id") {
  const auto greedy = plain(0.0F, 7);
  const std::vector<float> logits{1.0F, 3.0F, 3.0F, -2.0F};
  CHECK(sample_token(logits, greedy, 0, 0).chosen.token == 1);
}

TEST_CASE("tokens come as often as the distribution says") {
  // Seen to fail with: temperature applied twice; the wrong end of min-p.
  const auto all = plain(1.0F, 1);
  auto seen = frequencies(all);
  CHECK(seen[0] == doctest::Approx(0.5).epsilon(0.05));
  CHECK(seen[3] == doctest::Approx(0.1).epsilon(0.1));
  auto sampling = all;
  sampling.top_k = 2;
  seen = frequencies(sampling);
  CHECK(seen.size() == 2);
  CHECK(seen[0] == doctest::Approx(5.0 / 7.0).epsilon(0.05));
  sampling = all;
  sampling.top_p = 0.65F;
  seen = frequencies(sampling);
  CHECK(seen.size() == 2);
  sampling = all;
  sampling.min_p = 0.25F;
  seen = frequencies(sampling);
  CHECK(seen.size() == 3);
  seen = frequencies(plain(0.5F, 1));
  CHECK(seen[0] == doctest::Approx(0.25 / 0.325).epsilon(0.05));
}

TEST_CASE("a draw depends on seed, choice and index alone") {
  // Seen to fail with: the choice left out of the counter.
  const auto one = plain(1.0F, 1);
  const auto other_seed = plain(1.0F, 2);
  auto other_choice = one;
  other_choice.choice = 1;
  int n_by_seed = 0;
  int n_by_choice = 0;
  for (int i = 0; i < 200; ++i) {
    const auto token = [i](const auto& sampling, int n_top) {
      return sample_token(sample_logits(), sampling, i, n_top).chosen.token;
    };
    CHECK(token(one, 0) == token(one, 3));
    n_by_seed += token(one, 0) != token(other_seed, 0) ? 1 : 0;
    n_by_choice += token(one, 0) != token(other_choice, 0) ? 1 : 0;
  }
  CHECK(n_by_seed > 50);
  CHECK(n_by_choice > 50);
}

TEST_CASE("log-probabilities are those of the whole distribution") {
  // Seen to fail with: the maximum not added back to the logarithm of the sum.
  auto sampling = plain(0.3F, 1);
  sampling.top_k = 2;
  sampling.top_p = 0.5F;
  auto shifted = sample_logits();
  for (auto& logit : shifted) {
    logit += 11.0F;
  }
  const auto result = sample_token(shifted, sampling, 0, 3);
  REQUIRE(result.top.size() == 3);
  CHECK(result.top[0].token == 0);
  CHECK(result.top[2].logprob == doctest::Approx(std::log(0.15)));
  CHECK(
      score_token(shifted, 4, 0).chosen.logprob ==
      doctest::Approx(std::log(0.05)));
}

TEST_CASE("logits that are not numbers are refused") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> logits{nan, nan};
  CHECK_THROWS_AS(sample_token(logits, {}, 0, 0), Error);
}

} // namespace lockstep::engine
