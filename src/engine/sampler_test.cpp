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

std::map<Token, double> frequencies(const sched::Sampling& sampling) {
  constexpr int kDraws = 20000;
  std::map<Token, double> counts;
  for (int i = 0; i < kDraws; ++i) {
    counts[sample_token(sample_logits(), sampling, 3, i, 0).chosen.token] +=
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
  const sched::Sampling greedy{0.0F, 1, 0.1F, 0.5F, 7};
  const std::vector<float> logits{1.0F, 3.0F, 3.0F, -2.0F};
  CHECK(sample_token(logits, greedy, 0, 0, 0).chosen.token == 1);
}

TEST_CASE("tokens come as often as the distribution says") {
  // Seen to fail with: temperature applied twice; the wrong end of min-p.
  auto seen = frequencies({1.0F, 0, 1.0F, 0.0F, 1});
  CHECK(seen[0] == doctest::Approx(0.5).epsilon(0.05));
  CHECK(seen[3] == doctest::Approx(0.1).epsilon(0.1));
  seen = frequencies({1.0F, 2, 1.0F, 0.0F, 1});
  CHECK(seen.size() == 2);
  CHECK(seen[0] == doctest::Approx(5.0 / 7.0).epsilon(0.05));
  seen = frequencies({1.0F, 0, 0.65F, 0.0F, 1});
  CHECK(seen.size() == 2);
  seen = frequencies({1.0F, 0, 1.0F, 0.25F, 1});
  CHECK(seen.size() == 3);
  seen = frequencies({0.5F, 0, 1.0F, 0.0F, 1});
  CHECK(seen[0] == doctest::Approx(0.25 / 0.325).epsilon(0.05));
}

TEST_CASE("a draw depends on seed, request and index alone") {
  const sched::Sampling one{1.0F, 0, 1.0F, 0.0F, 1};
  const sched::Sampling two{1.0F, 0, 1.0F, 0.0F, 2};
  int n_by_seed = 0;
  int n_by_request = 0;
  for (int i = 0; i < 200; ++i) {
    const auto token = sample_token(sample_logits(), one, 5, i, 0).chosen.token;
    CHECK(token == sample_token(sample_logits(), one, 5, i, 3).chosen.token);
    n_by_seed +=
        token != sample_token(sample_logits(), two, 5, i, 0).chosen.token ? 1
                                                                          : 0;
    n_by_request +=
        token != sample_token(sample_logits(), one, 6, i, 0).chosen.token ? 1
                                                                          : 0;
  }
  CHECK(n_by_seed > 50);
  CHECK(n_by_request > 50);
}

TEST_CASE("log-probabilities are those of the whole distribution") {
  // Seen to fail with: the maximum not added back to the logarithm of the sum.
  const sched::Sampling sampling{0.3F, 2, 0.5F, 0.0F, 1};
  auto shifted = sample_logits();
  for (auto& logit : shifted) {
    logit += 11.0F;
  }
  const auto result = sample_token(shifted, sampling, 0, 0, 3);
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
  CHECK_THROWS_AS(sample_token(logits, {}, 0, 0, 0), Error);
}

} // namespace lockstep::engine
