#include "engine/logit_edits.h"

#include <limits>
#include <vector>

#include <doctest/doctest.h>

namespace lockstep::engine {

namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

/// Of a vocabulary of four.
std::vector<float> edited(
    const sched::Sampling& sampling,
    const std::vector<Token>& before,
    int index = 0) {
  LogitEdits edits;
  REQUIRE(LogitEdits::any(sampling, index));
  const auto logits = edits.apply(
      std::vector<float>{2.0F, -2.0F, 0.5F, 1.0F}, sampling, before, index);
  return {logits.begin(), logits.end()};
}

using Logits = std::vector<float>;

} // namespace

TEST_CASE("by default nothing is done to logits") {
  CHECK_FALSE(LogitEdits::any(sched::Sampling{}, 0));
  sched::Sampling sampling;
  sampling.repeat_penalty = 1.5F;
  sampling.dry_multiplier = 1.0F;
  sampling.repeat_last_n = 0;
  sampling.dry_last_n = 0;
  CHECK_FALSE(LogitEdits::any(sampling, 0));
}

TEST_CASE("a bias is added, twice if it is named twice") {
  sched::Sampling sampling;
  sampling.logit_bias = {{0, kNever}, {1, 1.5F}, {3, 0.25F}, {3, 0.25F}};
  CHECK(edited(sampling, {}) == Logits{kNever, -0.5F, 0.5F, 1.5F});
}

TEST_CASE("stop tokens wait for the least number of tokens") {
  // Seen to fail with: <= in place of <.
  sched::Sampling sampling;
  sampling.stop_tokens = {1, 3};
  CHECK_FALSE(LogitEdits::any(sampling, 0));
  sampling.min_tokens = 2;
  CHECK(edited(sampling, {}, 0) == Logits{2.0F, kNever, 0.5F, kNever});
  CHECK(edited(sampling, {}, 1) == Logits{2.0F, kNever, 0.5F, kNever});
  CHECK_FALSE(LogitEdits::any(sampling, 2));
}

TEST_CASE("what was said loses likelihood, once or by its count") {
  // Seen to fail with: a negative logit divided; the penalties taken once for
  // each time that a token stands in the window.
  sched::Sampling sampling;
  sampling.repeat_penalty = 2.0F;
  const std::vector<Token> before{3, 0, 1, 0, 0};
  CHECK(edited(sampling, before) == Logits{1.0F, -4.0F, 0.5F, 0.5F});
  sampling.repeat_penalty = 1.0F;
  sampling.presence_penalty = 0.25F;
  CHECK(edited(sampling, before) == Logits{1.75F, -2.25F, 0.5F, 0.75F});
  sampling.presence_penalty = 0.0F;
  sampling.frequency_penalty = 0.25F;
  CHECK(edited(sampling, before) == Logits{1.25F, -2.25F, 0.5F, 0.75F});
  sampling.presence_penalty = 1.0F;
  sampling.repeat_penalty = 2.0F;
  CHECK(edited(sampling, before) == Logits{-0.75F, -5.25F, 0.5F, -0.75F});
}

TEST_CASE("the window counts tokens back from the end") {
  // Seen to fail with: the first of the tokens taken as window.
  sched::Sampling sampling;
  sampling.presence_penalty = 1.0F;
  const std::vector<Token> before{3, 0, 1};
  sampling.repeat_last_n = 1;
  CHECK(edited(sampling, before) == Logits{2.0F, -3.0F, 0.5F, 1.0F});
  sampling.repeat_last_n = 2;
  CHECK(edited(sampling, before) == Logits{1.0F, -3.0F, 0.5F, 1.0F});
  for (const int all : {3, 64, -1}) {
    sampling.repeat_last_n = all;
    CHECK(edited(sampling, before) == Logits{1.0F, -3.0F, 0.5F, 0.0F});
  }
  sampling.presence_penalty = 0.0F;
  sampling.dry_multiplier = 1.0F;
  sampling.dry_allowed_length = 1;
  const std::vector<Token> repeated{3, 1, 0, 3};
  CHECK(edited(sampling, repeated) == Logits{2.0F, -3.0F, 0.5F, 1.0F});
  sampling.dry_last_n = 3;
  CHECK(edited(sampling, repeated) == Logits{2.0F, -2.0F, 0.5F, 1.0F});
}

TEST_CASE("a penalty works on what the bias left") {
  // Seen to fail with: the bias added last.
  sched::Sampling sampling;
  sampling.logit_bias = {{0, -3.0F}};
  sampling.repeat_penalty = 2.0F;
  CHECK(edited(sampling, {0}) == Logits{-2.0F, -2.0F, 0.5F, 1.0F});
}

} // namespace lockstep::engine
