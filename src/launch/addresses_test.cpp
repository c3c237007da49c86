#include "launch/addresses.h"

#include <string>

#include <doctest/doctest.h>

namespace lockstep::launch {

namespace {

Address address(
    const std::string& ip, int bits, LinkKind kind = LinkKind::wired) {
  return {ip, bits, "eth0", kind};
}

std::string chosen(const std::vector<std::vector<Address>>& hosts) {
  const auto common = choose_addresses(hosts);
  std::string text = common.share_subnet ? "shared:" : "apart:";
  for (const auto& a : common.chosen) {
    text += " " + a.ip;
  }
  return text;
}

} // namespace

TEST_CASE("addresses lie in one subnet when their mask and its bits agree") {
  CHECK(same_subnet(address("10.0.0.1", 24), address("10.0.0.200", 24)));
  CHECK_FALSE(same_subnet(address("10.0.0.1", 24), address("10.0.1.1", 24)));
  CHECK_FALSE(same_subnet(address("10.0.0.1", 24), address("10.0.0.2", 16)));
  CHECK(same_subnet(address("10.0.0.1", 30), address("10.0.0.2", 30)));
  CHECK_FALSE(same_subnet(address("10.0.0.1", 30), address("10.0.0.5", 30)));
  CHECK(same_subnet(address("10.0.0.1", 32), address("10.0.0.1", 32)));
  CHECK_FALSE(same_subnet(address("10.0.0.1", 0), address("10.0.0.2", 0)));
}

// Seen to fail with: the first common subnet taken, not the one whose slowest
// link is best; two hosts with one address let share a subnet.
TEST_CASE("hosts get addresses in the best subnet that all are in") {
  const auto fast = LinkKind::thunderbolt;
  const auto slow = LinkKind::wireless;
  CHECK(
      chosen(
          {{address("10.9.0.1", 30, fast), address("192.168.1.1", 24)},
           {address("10.9.0.2", 30, fast), address("192.168.1.2", 24)}}) ==
      "shared: 10.9.0.1 10.9.0.2");
  // A third without the cable.
  CHECK(
      chosen(
          {{address("10.9.0.1", 30, fast), address("192.168.1.1", 24)},
           {address("10.9.0.2", 30, fast), address("192.168.1.2", 24)},
           {address("192.168.1.3", 24)}}) ==
      "shared: 192.168.1.1 192.168.1.2 192.168.1.3");
  // A subnet that is fast at one end alone.
  CHECK(
      chosen(
          {{address("10.0.0.1", 24), address("10.1.0.1", 24)},
           {address("10.1.0.2", 24), address("10.0.0.2", 24, slow)}}) ==
      "shared: 10.1.0.1 10.1.0.2");
  CHECK(
      chosen(
          {{address("10.0.2.15", 24), address("10.5.0.1", 24)},
           {address("10.0.2.15", 24), address("10.5.0.2", 24)}}) ==
      "shared: 10.5.0.1 10.5.0.2");
  CHECK(
      chosen(
          {{address("10.0.0.1", 24), address("10.5.0.1", 24)},
           {address("10.6.0.2", 24)}}) == "apart: 10.0.0.1 10.6.0.2");
  CHECK(chosen({{address("10.0.0.1", 24)}}) == "shared: 10.0.0.1");
}

} // namespace lockstep::launch
