#include "base/lined_json.h"

#include <string>

#include <doctest/doctest.h>

#include "support/refused.h"

namespace lockstep {

using testing::error_of;

namespace {

std::string refusal(const std::string& text) {
  return error_of(
      ErrorKind::usage, [&] { LinedJson(text, "a.json", ErrorKind::usage); });
}

} // namespace

// Seen to fail with: the line of the last character of any kind, which is the
// next line after a number; all values having the id 0.
TEST_CASE("each value is known by its line") {
  const LinedJson json(
      "\n{\"a\": 1\n,\n \"b/c\": [\n10\n,\n  {\"d\":\n \"x\"}, true],\r\n"
      "\"e\": -1.5e3\n}\n",
      "a.json",
      ErrorKind::usage);
  CHECK(json.value()["b/c"][1]["d"] == "x");
  CHECK(json.line_of({}) == 2);
  CHECK(json.line_of({"a"}) == 2);
  CHECK(json.line_of({"b/c"}) == 4);
  CHECK(json.line_of({"b/c", "0"}) == 5);
  CHECK(json.line_of({"b/c", "1"}) == 7);
  CHECK(json.line_of({"b/c", "1", "d"}) == 8);
  CHECK(json.line_of({"b/c", "2"}) == 8);
  CHECK(json.line_of({"e"}) == 9);
  // What is not there: where it would be.
  CHECK(json.line_of({"b/c", "1", "no"}) == 7);
  CHECK(json.line_of({"no", "1"}) == 2);
}

// Seen to fail with: the position of the last character counted as before it.
TEST_CASE("wrong syntax is refused with line and column") {
  CHECK(
      refusal("[1,\n 2,,3]") ==
      "a.json:2:4: is not valid JSON: syntax error while parsing value - "
      "unexpected ','; expected '[', '{', or a literal");
  CHECK(refusal("").starts_with("a.json:1:1: is not valid JSON: "));
  CHECK(refusal("{\"a\": 1").starts_with("a.json:1:8: is not valid JSON: "));
  CHECK(refusal("[1]\n]").starts_with("a.json:2:1: is not valid JSON: "));
  CHECK(refusal("[\n\"\xff\"]").starts_with("a.json:2:2: is not valid JSON: "));
  CHECK(
      refusal("[\n1e999]") ==
      "a.json:2:5: is not valid JSON: number overflow parsing '1e999'");
}

TEST_CASE("what would be read in two ways or without end is refused") {
  CHECK(
      refusal("{\"a\": 1,\n\"b\": {\"a\": 2},\n\"a\": 3}") ==
      "a.json:3: JSON key \"a\" stands twice in one object");
  CHECK(refusal(std::string(64, '[') + std::string(64, ']')).empty());
  CHECK(
      refusal("\n" + std::string(65, '[')) ==
      "a.json:2: JSON nested deeper than 64 levels");
  std::string many = "[";
  for (int i = 0; i < 199'998; ++i) {
    many += "1,";
  }
  CHECK(refusal(many + "1]").empty());
  CHECK(refusal(many + "1,1]") == "a.json:1: holds more than 200000 values");
}

} // namespace lockstep
