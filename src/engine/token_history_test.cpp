#include "engine/token_history.h"

#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"

namespace lockstep::engine {

namespace {

std::vector<Token> all(const TokenHistory& history) {
  const auto tokens = history.first(history.size());
  return {tokens.begin(), tokens.end()};
}

} // namespace

TEST_CASE("a history is what was written last at each place") {
  // Seen to fail with: what stood after the written places kept.
  TokenHistory history;
  history.append(0, std::vector<Token>{1, 2, 3, 4});
  history.append(4, std::vector<Token>{5});
  CHECK(all(history) == std::vector<Token>{1, 2, 3, 4, 5});
  history.append(2, std::vector<Token>{9});
  CHECK(all(history) == std::vector<Token>{1, 2, 9});
  CHECK(history.first(2).back() == 2);
  CHECK_THROWS_WITH_AS(
      history.append(4, std::vector<Token>{1}),
      doctest::Contains("place 4 of a slot that holds 3"),
      Error);
  history.clear();
  CHECK(history.size() == 0);
}

TEST_CASE("a slot can begin as another one did") {
  TokenHistory one;
  one.append(0, std::vector<Token>{1, 2, 3, 4});
  TokenHistory two;
  two.append(0, std::vector<Token>{7, 7});
  two.copy_prefix(one, 3);
  CHECK(all(two) == std::vector<Token>{1, 2, 3});
  two.append(3, std::vector<Token>{8});
  CHECK(all(one) == std::vector<Token>{1, 2, 3, 4});
  two.copy_prefix(two, 1);
  CHECK(all(two) == std::vector<Token>{1});
  CHECK_THROWS_WITH_AS(
      two.copy_prefix(one, 5),
      doctest::Contains("5 tokens of one that holds 4"),
      Error);
}

} // namespace lockstep::engine
