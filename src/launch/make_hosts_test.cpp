#include <string>

#include <doctest/doctest.h>

#include "launch/ask_hosts.h"
#include "support/refused.h"

namespace lockstep::launch {

namespace {

HostAnswer answer(
    const std::string& ssh, const std::vector<Address>& addresses) {
  HostFacts facts;
  facts.name = ssh;
  facts.cores = 4;
  facts.memory_bytes = 16'000'000'000;
  facts.free_bytes = 12'345'678'901;
  facts.addresses = addresses;
  return {ssh, facts, ""};
}

Address wired(const std::string& ip) {
  return {ip, 24, "eth0", LinkKind::wired};
}

} // namespace

TEST_CASE("each host gets the address that the others reach, and its memory") {
  const auto made = make_hosts(
      {"a", "me@b"},
      {answer("a", {wired("10.0.0.1"), wired("10.1.0.1")}),
       answer("me@b", {wired("10.1.0.2")})});
  CHECK(made.warnings.empty());
  CHECK(
      plan::hosts_text(made.hosts) ==
      "[\n"
      "  {\"ssh\": \"a\", \"ips\": [\"10.1.0.1\"], \"memory\": 12300000000},\n"
      "  {\"ssh\": \"me@b\", \"ips\": [\"10.1.0.2\"], \"memory\": "
      "12300000000}\n"
      "]\n");
}

// Seen to fail with: each rank of a host given all of its memory.
TEST_CASE("the ranks of one host share its memory, or have a GPU each") {
  auto box = answer("box", {wired("10.0.0.1")});
  const auto halves = make_hosts({"box", "box"}, {box}).hosts;
  REQUIRE(halves.hosts.size() == 2);
  CHECK(halves.hosts[1].memory == 6'100'000'000);
  CHECK_FALSE(halves.hosts[1].gpu.has_value());

  box.facts->gpus = {
      {"NVIDIA", 24'000'000'000, 23'450'000'000},
      {"NVIDIA", 24'000'000'000, 20'000'000'000}};
  const auto gpus = make_hosts({"box", "box"}, {box}).hosts;
  CHECK(gpus.hosts[0].gpu == 0);
  CHECK(gpus.hosts[0].memory == 23'400'000'000);
  CHECK(gpus.hosts[1].gpu == 1);
  CHECK(gpus.hosts[1].memory == 20'000'000'000);
  const auto one = make_hosts({"box"}, {box}).hosts;
  CHECK_FALSE(one.hosts[0].gpu.has_value());
  CHECK(one.hosts[0].memory == 23'400'000'000);
  // More ranks than GPUs: they cannot have one each.
  const auto three = make_hosts({"box", "box", "box"}, {box}).hosts;
  CHECK_FALSE(three.hosts[0].gpu.has_value());
  CHECK(three.hosts[0].memory == 4'100'000'000);
}

TEST_CASE("ranks that are all here need no network") {
  const auto made = make_hosts(
      {"localhost", "127.0.0.1"},
      {answer("localhost", {}), answer("127.0.0.1", {})});
  const auto read = plan::parse_hosts(plan::hosts_text(made.hosts), "made");
  CHECK(read.hosts[0].ips == std::vector<std::string>{"127.0.0.1"});
  CHECK(read.hosts[1].ips == std::vector<std::string>{"127.0.0.1"});
}

TEST_CASE("what would not work well is told") {
  const auto apart = make_hosts(
      {"a", "b"},
      {answer("a", {wired("10.0.0.1")}), answer("b", {wired("10.6.0.2")})});
  CHECK(
      apart.warnings ==
      std::vector<std::string>{
          "no subnet has an address of every host (a has 10.0.0.1/24, b has "
          "10.6.0.2/24), so their ranks may not reach each other"});
  const auto open = make_hosts(
      {"a", "b"},
      {answer("a", {wired("10.0.0.1")}),
       answer("b", {{"203.0.113.7", 24, "eth0", LinkKind::open}})});
  REQUIRE(open.warnings.size() == 2);
  CHECK(
      open.warnings[0] ==
      "b is reached at 203.0.113.7, which is no private address; what ranks "
      "tell each other is not encrypted");
  CHECK(
      testing::error_of(
          ErrorKind::usage,
          [] {
            make_hosts(
                {"a", "a.local"},
                {answer("a", {wired("10.0.0.1")}),
                 answer("a.local", {wired("10.0.0.1")})});
          }) ==
      "a and a.local both have the address 10.0.0.1, expected one name for "
      "each machine, and an address of its own");
}

} // namespace lockstep::launch
