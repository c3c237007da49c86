#include "text/stop.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"

using namespace lockstep;
using namespace lockstep::text;

namespace {

struct Outcome {
  std::string text;
  bool matched = false;
  bool operator==(const Outcome&) const = default;
};

Outcome whole(const std::vector<std::string>& stops, const std::string& text) {
  auto end = std::string::npos;
  for (const auto& stop : stops) {
    end = std::min(end, text.find(stop));
  }
  return {text.substr(0, end), end != std::string::npos};
}

Outcome chunked(
    const std::vector<std::string>& stops,
    const std::vector<std::string>& chunks) {
  StopMatcher matcher(stops);
  Outcome outcome;
  for (const auto& chunk : chunks) {
    outcome.text += matcher.push(chunk);
  }
  outcome.text += matcher.finish();
  outcome.matched = matcher.matched();
  return outcome;
}

} // namespace

// Seen to fail with: a match taken while an earlier one was still possible;
// only the longest prefix of one stop string held back.
TEST_CASE("however a text is cut, the same part of it comes out") {
  std::mt19937 random(11);
  const auto word = [&](std::size_t longest) {
    std::string text(random() % longest, ' ');
    for (auto& c : text) {
      c = static_cast<char>('a' + random() % 3);
    }
    return text;
  };
  int n_matched = 0;
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::string> stops(random() % 4);
    for (auto& stop : stops) {
      stop = word(5) + 'a';
    }
    const auto text = word(30);
    std::vector<std::string> chunks;
    for (std::size_t at = 0; at < text.size();) {
      const auto n = random() % 4;
      chunks.push_back(text.substr(at, n));
      at += n;
    }
    const auto expected = whole(stops, text);
    CHECK(chunked(stops, chunks) == expected);
    n_matched += expected.matched ? 1 : 0;
  }
  CHECK(n_matched > 5000);
  CHECK(n_matched < 18000);
}

TEST_CASE("what may become a stop string waits, the rest comes at once") {
  StopMatcher matcher({"\nUser:", "</s>"});
  CHECK(matcher.push("Hello") == "Hello");
  CHECK(matcher.push(" there\n") == " there");
  CHECK(matcher.push("Use") == "");
  CHECK(matcher.push(" it\nUs") == "\nUse it");
  CHECK(matcher.push("er") == "");
  CHECK(!matcher.matched());
  CHECK(matcher.push(": more") == "");
  CHECK(matcher.matched());
  CHECK(matcher.push("nothing after that") == "");
  CHECK(matcher.finish() == "");
}

TEST_CASE("the stop string that begins first wins, not the first complete") {
  StopMatcher matcher({"abcd", "c"});
  CHECK(matcher.push("xabc") == "x");
  CHECK(!matcher.matched());
  SUBCASE("the long one completes") {
    CHECK(matcher.push("d") == "");
    CHECK(matcher.matched());
  }
  SUBCASE("it does not") {
    CHECK(matcher.push("e") == "ab");
    CHECK(matcher.matched());
  }
  SUBCASE("the text ends") {
    CHECK(matcher.finish() == "ab");
    CHECK(matcher.matched());
  }
}

TEST_CASE("what was held back comes at the end") {
  StopMatcher matcher({"<end>"});
  CHECK(matcher.push("a<en") == "a");
  CHECK(matcher.finish() == "<en");
  CHECK(!matcher.matched());
  StopMatcher none({});
  CHECK(none.push("text") == "text");
  CHECK(none.finish() == "");
}

TEST_CASE("an empty stop string is refused, and more than there may be") {
  CHECK_THROWS_WITH_AS(
      StopMatcher({"a", ""}),
      "stop: a stop string is empty, expected at least one character",
      Error);
  CHECK_NOTHROW(StopMatcher(std::vector<std::string>(64, "a")));
  CHECK_THROWS_WITH_AS(
      StopMatcher(std::vector<std::string>(65, "a")),
      "stop: 65 stop strings are given, expected at most 64",
      Error);
}
