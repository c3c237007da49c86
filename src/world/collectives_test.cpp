#include "world/collectives.h"

#include <vector>

#include <doctest/doctest.h>

#include "support/refused.h"

namespace lockstep::world {

namespace {

using testing::check_refused;

struct Begun {
  Purpose purpose;
  std::size_t bytes;
};

void enter(const std::vector<Begun>& life) {
  Order order;
  for (const auto& begun : life) {
    order.enter(begun.purpose, begun.bytes);
  }
}

constexpr Begun kVersions{Purpose::versions, 128};
constexpr Begun kHosts{Purpose::hosts, 512};
constexpr Begun kFacts{Purpose::facts, 128};
constexpr Begun kTrial{Purpose::trial, 77};
constexpr Begun kMemory{Purpose::memory, 512};
constexpr Begun kChoice{Purpose::choice, 99};
constexpr Begun kExchange{Purpose::exchange, 1234};
constexpr Begun kReport{Purpose::report, 1024};

} // namespace

TEST_CASE("lives that keep the order of the table are lived") {
  enter({kHosts, kFacts, kFacts, kMemory, kExchange, kExchange, kReport});
  enter({kFacts, kMemory, kChoice, kChoice, kExchange, kReport});
  enter({kFacts, kTrial, kTrial});
  enter({kVersions, kVersions, kFacts, kTrial});
}

TEST_CASE("a collective that is not at its place is refused by name") {
  // Seen to fail with: entries left out that are not optional; a repeat of one
  // that does not repeat; going back.
  const auto refused = [](const char* named, const std::vector<Begun>& life) {
    check_refused(ErrorKind::internal, {named}, [&] { enter(life); });
  };
  refused("\"exchange\" begins after \"nothing\"", {kExchange});
  refused("\"exchange\" begins after \"hosts\"", {kHosts, kExchange});
  refused("\"versions\" begins after \"facts\"", {kFacts, kVersions});
  refused("\"exchange\" begins after \"facts\"", {kFacts, kExchange});
  refused("\"report\" begins after \"memory\"", {kFacts, kMemory, kReport});
  refused("\"memory\" begins after \"memory\"", {kFacts, kMemory, kMemory});
  refused("\"hosts\" begins after \"hosts\"", {kHosts, kHosts});
  refused(
      "\"report\" begins after \"report\"",
      {kFacts, kMemory, kExchange, kReport, kReport});
  refused(
      "\"facts\" begins after \"exchange\"",
      {kFacts, kMemory, kExchange, kFacts});
  refused(
      "\"choice\" begins after \"exchange\"",
      {kFacts, kMemory, kExchange, kChoice});
}

TEST_CASE("messages between neighbours are held to their collective's place") {
  // Seen to fail with: messages that announce nothing; a place not checked
  // before them.
  Order order;
  order.enter(Purpose::facts, 128);
  order.enter(Purpose::memory, 512);
  check_refused(ErrorKind::internal, {"\"report\" begins"}, [&] {
    order.precede(Purpose::report);
  });
  order.precede(Purpose::exchange);
  order.enter(Purpose::exchange, 40);
  order.enter(Purpose::exchange, 50); // without messages
  order.precede(Purpose::exchange);
  check_refused(
      ErrorKind::internal,
      {"\"report\" begins after messages", "\"exchange\""},
      [&] { order.enter(Purpose::report, 1024); });
}

TEST_CASE("a fixed size is held to the table's") {
  // Seen to fail with: the size compared where it is agreed, not where fixed.
  check_refused(
      ErrorKind::internal,
      {"gives 127 bytes", "\"facts\"", "expected 128"},
      [] { enter({{Purpose::facts, 127}}); });
}

} // namespace lockstep::world
