#include "base/json.h"

#include <string>

#include <doctest/doctest.h>

#include "base/error.h"
#include "support/refused.h"

namespace lockstep {

using testing::check_refused;
using testing::error_of;

// Seen to fail with: fallbacks for keys that are there.
TEST_CASE("typed reads give the values") {
  const auto json = parse_json(
      R"({"n": 7, "x": 0.5, "on": true, "s": "text", "none": null,
          "o": {"m": -3}})",
      "a.json");
  const JsonReader reader(json, "a.json");
  CHECK(reader.integer("n", 0, 7) == 7);
  CHECK(reader.number("n", 0, 10) == 7.0);
  CHECK(reader.number("x", 0, 1) == 0.5);
  CHECK(reader.boolean("on"));
  CHECK(reader.string("s") == "text");
  CHECK(reader.object("o").integer("m", -3, 3) == -3);
  CHECK(reader.object("o").where() == "a.json.o");
  CHECK_FALSE(reader.has("none"));
  CHECK(reader.integer_or("none", 5, 0, 9) == 5);
  CHECK(reader.number_or("absent", 1.5, 0, 9) == 1.5);
  CHECK(reader.string_or("absent", "x") == "x");
  CHECK(reader.boolean_or("absent", true));
}

// Seen to fail with: unsigned values not compared with int64; an upper bound
// left out.
TEST_CASE("a value of the wrong kind or size is refused with its key") {
  const auto json = parse_json(
      R"({"big": 18446744073709551615, "less": -1, "more": 10, "half": 0.5,
          "s": "x", "list": [1]})",
      "a.json");
  const JsonReader reader(json, "a.json");
  for (const char* key : {"big", "less", "more", "half", "s", "list"}) {
    check_refused(ErrorKind::config, {"a.json", key, "from 0 to 9"}, [&] {
      reader.integer(key, 0, 9);
    });
    check_refused(ErrorKind::config, {"a.json", key, "true or false"}, [&] {
      reader.boolean(key);
    });
  }
  check_refused(
      ErrorKind::config, {"s", "a number"}, [&] { reader.number("s", 0, 1); });
  check_refused(
      ErrorKind::config, {"big", "a string"}, [&] { reader.string("big"); });
  check_refused(ErrorKind::config, {"big", "from -5 to 5"}, [&] {
    reader.integer("big", -5, 5);
  });
  check_refused(ErrorKind::config, {"absent", "missing"}, [&] {
    reader.integer("absent", 0, 9);
  });
  check_refused(ErrorKind::config, {"a.json.list", "object"}, [&] {
    (void)reader.object("list");
  });
}

// Seen to fail with: no limit of depth.
TEST_CASE("text that is no JSON is refused") {
  const std::string deep(100, '[');
  for (const std::string text :
       {"",
        "{",
        "{\"a\":1}}",
        "nan",
        "[1e999]",
        "[01]",
        "\"\xff\"",
        "{\"\x01\": 1}",
        "'a'"}) {
    check_refused(ErrorKind::config, {"a.json", "JSON"}, [&] {
      parse_json(text, "a.json");
    });
  }
  check_refused(ErrorKind::config, {"a.json", "deeper"}, [&] {
    parse_json(deep, "a.json");
  });
}

// Seen to fail with: one set of keys for all objects.
TEST_CASE("a key that stands twice is refused, in one object only") {
  check_refused(ErrorKind::config, {"a.json", "\"k\"", "twice"}, [] {
    parse_json(R"({"o": {"k": 1, "j": 2, "k": 3}})", "a.json");
  });
  CHECK(parse_json(R"([{"k": 1}, {"k": {"k": 2}}])", "a").size() == 2);
}

// Seen to fail with: the parser's text given whole.
TEST_CASE("errors stay short and printable, whatever the input") {
  const std::string huge(1 << 20, '\x01');
  const auto broken = error_of(ErrorKind::config, [&] {
    parse_json("[\"" + std::string(1 << 20, 'a') + huge, "a.json");
  });
  CHECK(broken.size() < 300);
  CHECK(shown(Json(huge)).size() < 100);
  CHECK(shown(Json("a\n\"b\"\xc3\xa9")) == R"("a\n\"b\"\u00e9")");
  const auto bad = error_of(
      ErrorKind::config, [] { parse_json("[\"ab\xff\x1b[2J\"", "a.json"); });
  for (const char c : bad) {
    CHECK((c >= ' ' && c <= '~'));
  }
}

} // namespace lockstep
