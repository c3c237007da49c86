#include "launch/order.h"

#include <string>

#include <doctest/doctest.h>

#include "base/error.h"

using namespace lockstep;
using namespace lockstep::launch;

// Seen to fail with: escaped() leaving '%' as it is.
TEST_CASE("an order comes back as it was, whatever bytes it has") {
  Order order;
  order.argv = {
      "generate",
      "",
      "-p",
      "two\nlines, \"quotes\", caf\xc3\xa9, not UTF-8: \xff\xfe, 100 %25 %"};
  order.environment = {{"A", ""}, {"B", "x=y\t\x01"}};
  order.directory = "/home/me/models \xe9";
  const auto line = to_line(order);
  CHECK(line.find('\n') == line.size() - 1);
  const auto back = parse_order(line);
  CHECK(back.argv == order.argv);
  CHECK(back.environment == order.environment);
  CHECK(back.directory == order.directory);
}

TEST_CASE("what is no order is refused") {
  const std::string lines[] = {
      "",
      "GET / HTTP/1.1",
      "[]",
      "{}",
      R"({"argv":[],"environment":{}})",
      R"({"argv":{},"environment":{},"directory":""})",
      R"({"argv":[],"environment":[],"directory":""})",
      R"({"argv":[1],"environment":{},"directory":""})",
      R"({"argv":["a\u0000b"],"environment":{},"directory":""})",
      R"({"argv":["a%00b"],"environment":{},"directory":""})",
      R"({"argv":["%"],"environment":{},"directory":""})",
      R"({"argv":["%4"],"environment":{},"directory":""})",
      R"({"argv":["%zz"],"environment":{},"directory":""})",
      R"({"argv":[],"environment":{"A":[]},"directory":""})",
      R"({"argv":[],"environment":{},"directory":7})"};
  for (const auto& line : lines) {
    CAPTURE(line);
    try {
      parse_order(line);
      FAIL("taken");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::network);
    }
  }
}
