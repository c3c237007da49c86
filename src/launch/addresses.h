#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::launch {

/// What an address is reached over, the best for ranks first.
enum class LinkKind {
  thunderbolt,
  wired,      // a private address on a cable, or what looks like one
  wireless,   // a private address on Wi-Fi
  tunnel,     // WireGuard, Tailscale and the like
  open,       // an address of the whole Internet's
  link_local, // made up by the system for want of another
};

/// "thunderbolt", …
std::string_view name_of(LinkKind kind);

/// An IPv4 address of a host.
struct Address {
  std::string ip;
  int prefix_bits = 32; // of its subnet
  std::string interface;
  LinkKind kind = LinkKind::wired;
};

/// An address as 32 bits, the first number highest; nothing for another text.
std::optional<std::uint32_t> parse_ipv4(const std::string& text);

bool same_subnet(const Address& a, const Address& b);

/// One address of each host, so that all can reach each other.
struct CommonAddresses {
  std::vector<Address> chosen; // by host
  /// They lie in one subnet, each its own.
  bool share_subnet = false;
};

/// Takes the subnet that all hosts have an address in and whose slowest link is
/// the best, else each host's own best. `hosts` has each host's addresses, one
/// at least, the best first.
CommonAddresses choose_addresses(
    const std::vector<std::vector<Address>>& hosts);

} // namespace lockstep::launch
