// Over loopback, with a real server.
#include <string>

#include <doctest/doctest.h>

#include "base/error.h"
#include "doctor/link_probe.h"
#include "doctor/link_server.h"
#include "launch/own_process.h"
#include "support/refused.h"

namespace lockstep::doctor {

namespace {

constexpr char kIp[] = "127.0.0.1";

std::string token(char c) {
  return std::string(kTokenBytes, c);
}

} // namespace

TEST_CASE("links are tried and measured") {
  const launch::PipeSignalIgnored no_pipe_signal;
  const LinkServer server(token('a'), {kIp, kIp});
  REQUIRE(server.places().size() == 2);
  const auto& places = server.places();
  CHECK(places[0].failure.empty());
  CHECK(places[0].port != places[1].port);
  const LinkEnd first{kIp, places[0].port};
  const LinkEnd second{kIp, places[1].port};
  CHECK(
      try_reach(token('a'), {first, second, first}) ==
      std::vector<std::string>(3));
  const auto speed = measure_link(token('a'), second);
  CHECK(speed.latency_us > 0.0);
  CHECK(speed.bytes_per_s > 0.0);
}

// Seen to fail with: whoever connects let in.
TEST_CASE("who does not know the token is sent away") {
  const launch::PipeSignalIgnored no_pipe_signal;
  const LinkServer server(token('a'), {kIp});
  const LinkEnd end{kIp, server.places().front().port};
  const auto failures = try_reach(token('b'), {end});
  CHECK_FALSE(failures.front().empty());
  testing::check_refused(
      ErrorKind::network, {}, [&] { measure_link(token('b'), end); });
  CHECK(try_reach(token('a'), {end}).front().empty());
}

TEST_CASE("an address that is not ours is told") {
  const LinkServer server(token('a'), {"192.0.2.1", kIp});
  const auto& places = server.places();
  CHECK(places[0].port == 0);
  CHECK(places[0].failure.find("nothing can listen at 192.0.2.1") == 0);
  CHECK(places[1].port != 0);
}

TEST_CASE("a port where nobody listens is told in the system's words") {
  int port = 0;
  {
    const LinkServer server(token('a'), {kIp});
    port = server.places().front().port;
  }
  CHECK(try_reach(token('a'), {{kIp, port}}).front() == "Connection refused");
}

} // namespace lockstep::doctor
