#include "sched/results.h"

#include <limits>

#include <doctest/doctest.h>

#include "base/error.h"

namespace lockstep::sched {

TEST_CASE("results keep their order, their bits and their number") {
  // Seen to fail with: n_top of the first row used for all rows.
  Batch batch;
  batch.rows = {Row{0, 0, 3, 2, 0}, Row{1, 5, 2, 0, 4}, Row{2, 9, 1, 1, 2}};
  batch.tokens = {1, 2, 3, 4, 5, 6};
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<Sampled> results{
      {{7, -0.5F}, {}}, {{8, -inf}, {}}, {{9, -0.0F}, {{9, -0.0F}, {3, -2.F}}}};
  const auto words = encode_results(batch, results);
  CHECK(static_cast<int>(words.size()) == n_result_words(batch));
  const auto back = decode_results(batch, words);
  REQUIRE(back.size() == 3);
  CHECK(back[1].chosen.token == 8);
  CHECK(back[1].chosen.logprob == -inf);
  REQUIRE(back[2].top.size() == 2);
  CHECK(back[2].top[1].token == 3);
  CHECK(back[2].top[1].logprob == -2.F);
  CHECK_THROWS_AS(
      decode_results(batch, std::span(words).first(words.size() - 1)), Error);
}

} // namespace lockstep::sched
