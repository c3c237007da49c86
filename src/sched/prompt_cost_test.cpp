#include "sched/prompt_cost.h"

#include <algorithm>
#include <random>

#include <doctest/doctest.h>

namespace lockstep::sched {

namespace {

PromptLoad load_of(int tokens, int offset) {
  PromptLoad load;
  load.add(tokens, offset);
  return load;
}

/// What a stage really takes, within 10 %.
double measured(int tokens, int offset, std::mt19937& random) {
  const double exact = 800.0 * tokens + 0.9 * offset + 0.4 * tokens * offset;
  return exact * std::uniform_real_distribution(0.9, 1.1)(random);
}

} // namespace

TEST_CASE("what prompts cost at any depth is learnt as they enter") {
  // Seen to fail with: no term for pairs; a cost that may be negative.
  std::mt19937 random(3);
  PromptCost cost;
  CHECK(!cost.known());
  int offset = 0;
  while (offset < 4000) {
    // Shorter and shorter, as a scheduler would.
    const int n = std::clamp(20000 / (800 + offset), 1, 24);
    if (offset > 400) {
      const double exact = 800.0 * n + 0.9 * offset + 0.4 * n * offset;
      REQUIRE(
          cost.of(load_of(n, offset)) == doctest::Approx(exact).epsilon(0.2));
    }
    cost.record(load_of(n, offset), measured(n, offset, random));
    offset += n;
  }
  // A new prompt starts where nothing stands before it.
  for (int i = 0; i < 40; ++i) {
    cost.record(load_of(24, 24 * i), measured(24, 24 * i, random));
  }
  CHECK(cost.of(load_of(24, 0)) == doctest::Approx(24 * 800.0).epsilon(0.15));
  CHECK(cost.of(load_of(1, 8000)) > 0.0);
}

} // namespace lockstep::sched
