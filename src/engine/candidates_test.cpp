#include "engine/candidates.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <doctest/doctest.h>

namespace lockstep::engine {

namespace {

/// Best first, of these probabilities in the order of ids.
Candidates candidates_of(const std::vector<double>& probabilities) {
  Candidates candidates;
  for (const double p : probabilities) {
    candidates.push_back(
        {static_cast<Token>(candidates.size()),
         static_cast<float>(std::log(p)),
         p});
  }
  std::sort(candidates.begin(), candidates.end(), comes_first);
  return candidates;
}

std::vector<Token> tokens_of(const Candidates& candidates) {
  std::vector<Token> tokens;
  for (const auto& c : candidates) {
    tokens.push_back(c.token);
  }
  return tokens;
}

using Tokens = std::vector<Token>;

Tokens typical(double p) {
  auto candidates = candidates_of({0.5, 0.25, 0.125, 0.125});
  double total = 1.0;
  keep_typical(candidates, p, total);
  double sum = 0.0;
  for (const auto& c : candidates) {
    sum += c.weight;
  }
  CHECK(total == doctest::Approx(sum));
  return tokens_of(candidates);
}

Tokens without_top(const std::vector<double>& probabilities, double threshold) {
  auto candidates = candidates_of(probabilities);
  drop_top_choices(candidates, threshold);
  return tokens_of(candidates);
}

} // namespace

TEST_CASE("the best in one pass are the first of all in order") {
  // Seen to fail with: what equals the n-th best taken too; the n best taken
  // out of more without their order.
  std::mt19937 random(1);
  Candidates best;
  for (int round = 0; round < 300; ++round) {
    std::vector<float> logits(1 + random() % 2000);
    // Few values, so that many are equal.
    for (auto& logit : logits) {
      logit = static_cast<float>(random() % (1 + round));
    }
    logits[random() % logits.size()] = -std::numeric_limits<float>::infinity();
    Candidates all;
    take_from(logits, -std::numeric_limits<float>::infinity(), all);
    CHECK(all.size() == logits.size() - 1);
    std::sort(all.begin(), all.end(), comes_first);
    const std::size_t n = 1 + random() % 300;
    take_best(logits, n, best);
    all.resize(std::min(n, all.size()));
    REQUIRE(tokens_of(best) == tokens_of(all));
  }
}

TEST_CASE("weights are the exponentials of logits") {
  Candidates candidates;
  take_from(std::vector<float>{1.0F, 3.0F, -1.0F, 2.0F}, 0.0F, candidates);
  CHECK(tokens_of(candidates) == Tokens{0, 1, 3});
  const double total = weigh(candidates, 3.0F);
  CHECK(candidates[1].weight == 1.0);
  CHECK(total == doctest::Approx(1.0 + std::exp(-1.0) + std::exp(-2.0)));
}

TEST_CASE("top-p keeps the fewest that reach it, min-p what is near the best") {
  // Seen to fail with: <= instead of < in top-p; min_p not scaled by the best.
  const auto with_top_p = [](double p) {
    auto candidates = candidates_of({0.125, 0.5, 0.25, 0.125});
    keep_top_p(candidates, p, 1.0);
    return tokens_of(candidates);
  };
  CHECK(with_top_p(0.0) == Tokens{1});
  CHECK(with_top_p(0.5) == Tokens{1});
  CHECK(with_top_p(0.51) == Tokens{1, 2});
  CHECK(with_top_p(0.75) == Tokens{1, 2});
  CHECK(with_top_p(0.8) == Tokens{1, 2, 0});
  CHECK(with_top_p(0.9) == Tokens{1, 2, 0, 3});
  const auto with_min_p = [](double p) {
    auto candidates = candidates_of({0.125, 0.5, 0.25, 0.125});
    keep_min_p(candidates, p);
    return tokens_of(candidates);
  };
  CHECK(with_min_p(0.25) == Tokens{1, 2, 0, 3});
  CHECK(with_min_p(0.26) == Tokens{1, 2});
  CHECK(with_min_p(0.51) == Tokens{1});
  CHECK(with_min_p(1.0) == Tokens{1});
}

TEST_CASE("typical-p keeps what is about as surprising as all are on average") {
  // The entropy is 1.75 bits, the surprises are 1, 2, 3 and 3 bits: 1 comes
  // first, then 0.
  // Seen to fail with: surprise in place of its distance to the entropy; < in
  // place of <=.
  CHECK(typical(0.0) == Tokens{1});
  CHECK(typical(0.24) == Tokens{1});
  CHECK(typical(0.25) == Tokens{0, 1});
  CHECK(typical(0.7) == Tokens{0, 1});
  CHECK(typical(0.75) == Tokens{0, 1, 2});
  CHECK(typical(0.999) == Tokens{0, 1, 2, 3});
}

TEST_CASE("of the top choices the least likely stays") {
  // Seen to fail with: the likeliest kept; the threshold not as a share.
  CHECK(without_top({0.4, 0.3, 0.2, 0.1}, 0.15) == Tokens{2, 3});
  CHECK(without_top({0.4, 0.3, 0.2, 0.1}, 0.25) == Tokens{1, 2, 3});
  CHECK(without_top({0.4, 0.3, 0.2, 0.1}, 0.35) == Tokens{0, 1, 2, 3});
  CHECK(without_top({0.4, 0.3, 0.2, 0.1}, 0.5) == Tokens{0, 1, 2, 3});
  CHECK(without_top({0.4, 0.3, 0.2, 0.1}, 0.0) == Tokens{3});
  CHECK(without_top({4.0, 3.0, 2.0, 1.0}, 0.25) == Tokens{1, 2, 3});
  CHECK(without_top({0.25, 0.25, 0.25, 0.25}, 0.1) == Tokens{3});
}

TEST_CASE("a draw takes shares in order of ids, at its temperature") {
  // Seen to fail with: the logits multiplied by the temperature.
  auto candidates = candidates_of({0.5, 0.25, 0.25});
  const auto at = [&](double temperature, double random) {
    return draw(candidates, temperature, random);
  };
  CHECK(at(1.0, 0.0) == 0);
  CHECK(at(1.0, 0.4999) == 0);
  CHECK(at(1.0, 0.5001) == 1);
  CHECK(at(1.0, 0.7501) == 2);
  CHECK(at(1.0, 1.0 - 0x1.0p-53) == 2);
  // Squares: 4, 1 and 1 of 6.
  CHECK(at(0.5, 0.6665) == 0);
  CHECK(at(0.5, 0.6668) == 1);
  // Almost equal.
  CHECK(at(100.0, 0.34) == 1);
  CHECK(at(1e-6, 1.0 - 0x1.0p-53) == 0);
  candidates = candidates_of({0.25, 0.25, 0.5});
  CHECK(at(1.0, 0.0) == 0);
  CHECK(at(1.0, 0.5001) == 2);
}

} // namespace lockstep::engine
