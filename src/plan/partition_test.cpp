#include "plan/partition.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <random>

#include <doctest/doctest.h>

#include "base/error.h"

namespace lockstep::plan {

namespace {

double slowest_of(
    const Costs& costs, const std::vector<checkpoint::LayerRange>& ranges) {
  double slowest = 0.0;
  for (const auto& range : ranges) {
    double sum = std::accumulate(
        costs.layers.begin() + range.first,
        costs.layers.begin() + range.last,
        0.0);
    sum += range.first == 0 ? costs.first : 0.0;
    sum += range.last == static_cast<int>(costs.layers.size()) ? costs.last : 0;
    slowest = std::max(slowest, sum);
  }
  return slowest;
}

/// The least slowest rank over all splits, by trying all of them.
double brute_force(
    const Costs& costs,
    std::vector<checkpoint::LayerRange>& ranges,
    int n_left) {
  const int n = static_cast<int>(costs.layers.size());
  const int first = ranges.empty() ? 0 : ranges.back().last;
  if (n_left == 0) {
    return first == n ? slowest_of(costs, ranges)
                      : std::numeric_limits<double>::infinity();
  }
  double best = std::numeric_limits<double>::infinity();
  for (int last = first + 1; last <= n; ++last) {
    ranges.push_back({first, last});
    best = std::min(best, brute_force(costs, ranges, n_left - 1));
    ranges.pop_back();
  }
  return best;
}

} // namespace

TEST_CASE("every layer is on exactly one rank and the split is the best") {
  // Seen to fail with: the head left out of the last rank's cost.
  std::mt19937 random(11);
  for (int round = 0; round < 400; ++round) {
    Costs costs;
    const int n_layers = 1 + static_cast<int>(random() % 9);
    for (int i = 0; i < n_layers; ++i) {
      costs.layers.push_back(1.0 + static_cast<double>(random() % 20));
    }
    costs.first = static_cast<double>(random() % 30);
    costs.last = static_cast<double>(random() % 60);
    const int n_ranks = 1 + static_cast<int>(random()) % n_layers;
    const int n = std::clamp(n_ranks, 1, n_layers);
    const auto ranges = split_layers(costs, n);
    REQUIRE(static_cast<int>(ranges.size()) == n);
    int next = 0;
    for (const auto& range : ranges) {
      REQUIRE(range.first == next);
      REQUIRE(range.size() >= 1);
      next = range.last;
    }
    REQUIRE(next == n_layers);
    std::vector<checkpoint::LayerRange> tried;
    REQUIRE(
        slowest_of(costs, ranges) ==
        doctest::Approx(brute_force(costs, tried, n)));
  }
}

TEST_CASE("28 equal layers on two ranks are 0-13 and 14-27") {
  const auto ranges = split_layers({std::vector<double>(28, 1.0), 0.0, 0.0}, 2);
  CHECK(ranges[0] == checkpoint::LayerRange{0, 14});
  CHECK(ranges[1] == checkpoint::LayerRange{14, 28});
}

TEST_CASE("ranks beside the slowest are even") {
  const auto ranges = split_layers({std::vector<double>(9, 1.0), 0.0, 6.0}, 3);
  CHECK(ranges[0] == checkpoint::LayerRange{0, 4});
  CHECK(ranges[1] == checkpoint::LayerRange{4, 8});
}

TEST_CASE("more ranks than layers are refused") {
  CHECK_THROWS_WITH_AS(
      split_layers({std::vector<double>(3, 1.0), 0.0, 0.0}, 4),
      doctest::Contains("4 ranks for a model of 3 layers"),
      Error);
}

} // namespace lockstep::plan
