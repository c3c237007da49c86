#include "launch/host_lines.h"

#include <doctest/doctest.h>

#include "support/refused.h"

namespace lockstep::launch {

using namespace std::chrono_literals;

namespace {

HostLine here(const std::string& script) {
  return {"localhost", {"sh", "-c", script}};
}

constexpr char kEcho[] =
    "while read -r line; do echo \"lockstep-answer <$line>\"; done";

} // namespace

// Seen to fail with: an answer looked for at the beginning of a line alone.
TEST_CASE("hosts answer line by line, whatever else they print") {
  HostLines lines(
      {here(kEcho),
       here(std::string("echo Welcome; printf 'no end here '; ") + kEcho)});
  REQUIRE(lines.size() == 2);
  const auto first = lines.ask({"one", "two"}, 10s);
  CHECK(first.at(0)->text == "<one>");
  REQUIRE(first.at(1));
  CHECK(first.at(1)->text == "<two>");
  CHECK(first.at(0)->waited > 0us);
  const auto second = lines.ask({std::nullopt, "three"}, 10s);
  CHECK_FALSE(second.at(0));
  CHECK(second.at(1)->text == "<three>");
  CHECK(lines.is_there(0));
}

// Seen to hang with: hosts that have ended waited for until the deadline.
TEST_CASE("a host that fails is told from one that is silent") {
  HostLines lines(
      {here(kEcho),
       here("echo not here >&2; exit 127"),
       here("exec sleep 100")});
  const auto two = lines.ask({"a", "b", std::nullopt}, 1h);
  CHECK(two.at(0)->text == "<a>");
  CHECK_FALSE(two.at(1));
  CHECK_FALSE(lines.is_there(1));
  CHECK(
      remote_failure(lines.result(1)) ==
      "localhost: what was run there ended with exit code 127: not here");
  const auto third = lines.ask({"a", "b", "c"}, 200ms);
  CHECK(third.at(0)->text == "<a>");
  CHECK_FALSE(third.at(2));
  CHECK_FALSE(lines.is_there(2));
  CHECK(
      remote_failure(lines.result(2)) ==
      "localhost: gave no answer within 0.2 s; is this machine overloaded?");
  CHECK(lines.ask({"again", "b", "c"}, 10s).at(0)->text == "<again>");
}

TEST_CASE("what ssh must not be called with is refused") {
  testing::check_refused(
      ErrorKind::usage, {"\"-oProxyCommand=x\" is no host"}, [] {
        const std::vector<HostLine> hosts{{"-oProxyCommand=x", {"true"}}};
        const HostLines lines(hosts);
      });
}

} // namespace lockstep::launch
