#include "launch/addresses.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <arpa/inet.h>

namespace lockstep::launch {

namespace {

/// Each host's best address in the subnet of `first`; nothing when one has none
/// or two have the same, as virtual machines behind one router may.
std::optional<std::vector<Address>> all_beside(
    const Address& first, const std::vector<std::vector<Address>>& hosts) {
  std::vector<Address> chosen;
  std::set<std::string> ips;
  for (const auto& addresses : hosts) {
    const auto found =
        chosen.empty()
            ? std::find_if(
                  addresses.begin(),
                  addresses.end(),
                  [&](const auto& a) { return a.ip == first.ip; })
            : std::find_if(
                  addresses.begin(), addresses.end(), [&](const auto& a) {
                    return same_subnet(a, first);
                  });
    if (found == addresses.end() || !ips.insert(found->ip).second) {
      return std::nullopt;
    }
    chosen.push_back(*found);
  }
  return chosen;
}

LinkKind slowest(const std::vector<Address>& addresses) {
  auto kind = LinkKind::thunderbolt;
  for (const auto& address : addresses) {
    kind = std::max(kind, address.kind);
  }
  return kind;
}

} // namespace

std::string_view name_of(LinkKind kind) {
  constexpr std::array<std::string_view, 6> kNames{
      "thunderbolt", "wired", "wireless", "tunnel", "open", "link-local"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::optional<std::uint32_t> parse_ipv4(const std::string& text) {
  in_addr address{};
  return ::inet_pton(AF_INET, text.c_str(), &address) == 1
             ? std::optional<std::uint32_t>(ntohl(address.s_addr))
             : std::nullopt;
}

bool same_subnet(const Address& a, const Address& b) {
  const auto left = parse_ipv4(a.ip);
  const auto right = parse_ipv4(b.ip);
  if (!left || !right || a.prefix_bits != b.prefix_bits || a.prefix_bits <= 0) {
    return false;
  }
  const auto shift = static_cast<unsigned>(32 - a.prefix_bits);
  return *left >> shift == *right >> shift;
}

CommonAddresses choose_addresses(
    const std::vector<std::vector<Address>>& hosts) {
  CommonAddresses best;
  for (const auto& first : hosts.front()) {
    auto chosen = all_beside(first, hosts);
    if (chosen &&
        (!best.share_subnet || slowest(*chosen) < slowest(best.chosen))) {
      best = {std::move(*chosen), true};
    }
  }
  if (!best.share_subnet) {
    for (const auto& addresses : hosts) {
      best.chosen.push_back(addresses.front());
    }
  }
  return best;
}

} // namespace lockstep::launch
