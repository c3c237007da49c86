#include "sched/prefix_tree.h"

#include <algorithm>
#include <random>
#include <vector>

#include <doctest/doctest.h>

namespace lockstep::sched {

namespace {

/// Slots' tokens in plain lists.
class PlainTree {
 public:
  explicit PlainTree(int n_slots) : held(static_cast<std::size_t>(n_slots)) {}

  int longest(const std::vector<Token>& tokens) const {
    int most = 0;
    for (const auto& own : held) {
      const auto n = std::min(own.size(), tokens.size());
      const auto end = own.begin() + static_cast<std::ptrdiff_t>(n);
      most = std::max(
          most,
          static_cast<int>(
              std::mismatch(own.begin(), end, tokens.begin()).first -
              own.begin()));
    }
    return most;
  }

  std::vector<std::vector<Token>> held;
};

std::vector<Token> random_tokens(std::mt19937& random, int most) {
  std::vector<Token> tokens(random() % static_cast<unsigned>(most + 1));
  for (auto& token : tokens) {
    token = static_cast<Token>(random() % 2); // so that many begin alike
  }
  return tokens;
}

} // namespace

TEST_CASE("the tree finds what plain lists find") {
  // Seen to fail with: a node that others pass grown with one slot's tokens; a
  // truncated slot left at the end of a longer node; unused nodes kept.
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    constexpr int kSlots = 6;
    PrefixTree tree(kSlots);
    PlainTree plain(kSlots);
    for (int step = 0; step < 60; ++step) {
      const auto slot = static_cast<int>(random() % kSlots);
      auto& own = plain.held[static_cast<std::size_t>(slot)];
      if (random() % 3 == 0) {
        const auto n = random() % (own.size() + 1);
        own.resize(n);
        tree.truncate(slot, static_cast<int>(n));
      } else {
        const auto more = random_tokens(random, 6);
        own.insert(own.end(), more.begin(), more.end());
        tree.extend(slot, more);
      }
      REQUIRE(tree.n_tokens(slot) == static_cast<int>(own.size()));
      const auto asked = random_tokens(random, 20);
      const auto match = tree.find(asked);
      REQUIRE(match.n_tokens == plain.longest(asked));
      if (match.n_tokens > 0) {
        const auto& held = plain.held[static_cast<std::size_t>(match.slot)];
        REQUIRE(static_cast<int>(held.size()) >= match.n_tokens);
        REQUIRE(std::equal(
            asked.begin(), asked.begin() + match.n_tokens, held.begin()));
      } else {
        REQUIRE(match.slot == -1);
      }
    }
    for (int slot = 0; slot < kSlots; ++slot) {
      tree.truncate(slot, 0);
    }
    REQUIRE(tree.find(std::vector<Token>{0}).slot == -1);
    REQUIRE(tree.find(std::vector<Token>{1}).slot == -1);
  }
}

} // namespace lockstep::sched
