#include "plan/predict.h"

#include <doctest/doctest.h>

namespace lockstep::plan {

namespace {

/// A rank that takes so many milliseconds for each of 4 layers and the head.
RankTimes rank_of(double alone, double head) {
  const auto times = [&](double factor) {
    return Costs{std::vector<double>(4, factor * alone), 0.0, factor * head};
  };
  return {times(1.0), times(2.0), times(3.0), times(8.0)};
}

WorldTimes world_of(int n_ranks, int streams) {
  WorldTimes times;
  times.ranks.assign(static_cast<std::size_t>(n_ranks), rank_of(1.0, 2.0));
  times.streams = streams;
  times.part = (streams + n_ranks - 1) / n_ranks;
  times.chunk = 16;
  times.prompt = 64;
  times.decode_ms = n_ranks > 1 ? 0.5 : 0.0;
  times.prompt_ms = n_ranks > 1 ? 1.0 : 0.0;
  return times;
}

} // namespace

TEST_CASE("one stream takes all stages and an exchange each for a token") {
  // Seen to fail with: each tick as long as the slowest stage; the exchange
  // counted once; more parts than streams.
  const auto two = predict(world_of(2, 1), {{0, 2}, {2, 4}});
  CHECK(two.generation_tps == doctest::Approx(1e3 / (2 + 4 + 2 * 0.5)));
  CHECK(two.tick_ms == doctest::Approx(3.5));
  CHECK(two.stage_ms == std::vector<double>{2.0, 4.0});
  CHECK(two.busy[0] == doctest::Approx(2.0 / 7.0));
  CHECK(two.busy[1] == doctest::Approx(4.0 / 7.0));
  // Equal stages are no reason to count one stream twice.
  auto equal = world_of(2, 1);
  equal.ranks.assign(2, rank_of(1.0, 0.0));
  CHECK(predict(equal, {{0, 2}, {2, 4}}).busy[0] == doctest::Approx(2.0 / 5));
  const auto one = predict(world_of(1, 1), {{0, 4}});
  CHECK(one.generation_tps == doctest::Approx(1e3 / 6));
}

TEST_CASE("many streams follow one another, each tick as its slowest stage") {
  // Seen to fail with: what a rank takes alone taken for that among others.
  const auto four = predict(world_of(2, 4), {{0, 3}, {3, 4}});
  // Two parts of two, 9 ms on either rank.
  CHECK(four.generation_tps == doctest::Approx(4e3 / (2 * (9 + 0.5))));
  CHECK(four.busy[0] == doctest::Approx(18.0 / 19.0));
}

TEST_CASE("chunks of a prompt follow one another until all are through") {
  // Seen to fail with: the ticks of the last chunk's way left out; the head
  // counted for each chunk.
  const auto two = predict(world_of(2, 1), {{0, 2}, {2, 4}});
  // 4 chunks of 16 ms over 2 ranks, the head once.
  CHECK(two.prompt_tps == doctest::Approx(64e3 / (5 * (16 + 1) + 16)));
  auto times = world_of(1, 1);
  times.prompt = 24; // one chunk and a half
  CHECK(
      predict(times, {{0, 4}}).prompt_tps ==
      doctest::Approx(24e3 / (32 + 16 + 16)));
}

TEST_CASE("what is shared out is time of answers and prompts") {
  const auto costs = costs_of(world_of(2, 4));
  REQUIRE(costs.size() == 2);
  CHECK(
      costs[0].layers[0] ==
      doctest::Approx(kAnswers * 3 / 2 + (1 - kAnswers) * 8 / 16));
  CHECK(costs[0].last == doctest::Approx(kAnswers * 6 / 2));
}

} // namespace lockstep::plan
