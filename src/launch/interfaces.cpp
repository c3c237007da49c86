#include "launch/interfaces.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <charconv>
#include <sstream>

namespace lockstep::launch {

namespace {

std::vector<std::string> words_of(std::string_view line) {
  std::istringstream text{std::string(line)};
  std::vector<std::string> words;
  for (std::string word; text >> word;) {
    words.push_back(word);
  }
  return words;
}

/// "eth0" of "eth0:" and of "eth0@if7:".
std::string name_of_interface(const std::string& word) {
  return word.substr(0, word.find_first_of(":@"));
}

template <class Names>
bool begins_with_one(std::string_view text, const Names& names) {
  return std::any_of(names.begin(), names.end(), [&](auto name) {
    return text.starts_with(name);
  });
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
  });
}

/// Loopback, and what leads to virtual machines and containers of the host.
bool is_inside(std::string_view name) {
  constexpr std::array<std::string_view, 14> kPrefixes{
      "docker",
      "br-",
      "virbr",
      "lxcbr",
      "lxdbr",
      "cni",
      "flannel",
      "cali",
      "podman",
      "vmnet",
      "vmenet",
      "vboxnet",
      "vEthernet",
      "bridge1"}; // macOS: bridge100 and on are of virtual machines
  const bool is_loopback =
      name == "lo" || (name.starts_with("lo") && is_number(name.substr(2)));
  return is_loopback || begins_with_one(name, kPrefixes);
}

struct Range {
  std::uint32_t first;
  int bits;

  bool has(std::uint32_t ip) const {
    const auto shift = static_cast<unsigned>(32 - bits);
    return ip >> shift == first >> shift;
  }
};

constexpr std::array<Range, 3> kPrivate{
    {{0x0A000000, 8}, {0xAC100000, 12}, {0xC0A80000, 16}}};
constexpr Range kLinkLocal{0xA9FE0000, 16};
constexpr Range kLoopback{0x7F000000, 8};
constexpr Range kShared{0x64400000, 10}; // providers' and Tailscale's

/// The bits of "0xffffff00" or "255.255.255.0"; 0 when it is no mask.
int bits_of_mask(const std::string& text) {
  std::uint32_t mask = 0;
  if (text.starts_with("0x")) {
    std::from_chars(text.data() + 2, text.data() + text.size(), mask, 16);
  } else {
    mask = parse_ipv4(text).value_or(0);
  }
  const int ones = std::countl_one(mask);
  return ones == std::popcount(mask) ? ones : 0;
}

int bits_of_prefix(std::string_view text) {
  int bits = 0;
  std::from_chars(text.data(), text.data() + text.size(), bits);
  return bits > 0 && bits <= 32 ? bits : 0;
}

/// The word after `word`, or "".
std::string after(
    const std::vector<std::string>& words, std::string_view word) {
  const auto found = std::find(words.begin(), words.end(), word);
  return found == words.end() || found + 1 == words.end() ? "" : *(found + 1);
}

} // namespace

void Interfaces::add_ip_link(std::string_view line) {
  // 2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 …
  const auto words = words_of(line);
  if (words.size() > 2) {
    interfaces_[name_of_interface(words[1])].is_up =
        words[2].find("LOWER_UP") != std::string::npos;
  }
}

void Interfaces::add_ip_address(std::string_view line) {
  // 2: eth0    inet 192.168.1.5/24 brd 192.168.1.255 scope global eth0 …
  const auto words = words_of(line);
  const auto text = after(words, "inet");
  const auto slash = text.find('/');
  const auto ip = text.substr(0, slash);
  if (words.size() > 3 && parse_ipv4(ip)) {
    const auto name = name_of_interface(words[1]);
    interfaces_[name].addresses.push_back(
        {ip,
         slash == std::string::npos ? 32
                                    : bits_of_prefix(text.substr(slash + 1)),
         name});
  }
}

void Interfaces::add_ifconfig(std::string_view line) {
  // en0: flags=8863<UP,BROADCAST,…> mtu 1500
  //         inet 192.168.1.7 netmask 0xffffff00 broadcast 192.168.1.255
  //         status: active
  const auto words = words_of(line);
  if (words.empty()) {
    return;
  }
  if (std::isspace(static_cast<unsigned char>(line.front())) == 0) {
    ifconfig_name_ = name_of_interface(words[0]);
    interfaces_[ifconfig_name_].is_up =
        words.size() > 1 && (words[1].find("<UP,") != std::string::npos ||
                             words[1].find("<UP>") != std::string::npos);
    return;
  }
  auto& interface = interfaces_[ifconfig_name_];
  if (after(words, "status:") == "inactive") {
    interface.is_up = false;
  }
  const auto ip = after(words, "inet");
  if (parse_ipv4(ip)) {
    interface.addresses.push_back(
        {ip, bits_of_mask(after(words, "netmask")), ifconfig_name_});
  }
}

void Interfaces::add_hardware_port(std::string_view line) {
  // Hardware Port: Thunderbolt Bridge
  // Device: bridge0
  constexpr std::string_view kPort = "Hardware Port: ";
  constexpr std::string_view kDevice = "Device: ";
  if (line.starts_with(kPort)) {
    port_ = line.substr(kPort.size());
  } else if (line.starts_with(kDevice)) {
    interfaces_[std::string(line.substr(kDevice.size()))].port = port_;
  }
}

LinkKind Interfaces::kind_of(
    const std::string& name, const Interface& interface, const Address& a) {
  constexpr std::array<std::string_view, 7> kTunnels{
      "utun", "tun", "tap", "wg", "tailscale", "zt", "ppp"};
  const auto ip = parse_ipv4(a.ip).value_or(0);
  const bool is_wireless = name.starts_with("wl") ||
                           interface.port == "Wi-Fi" ||
                           interface.port == "AirPort";
  const bool is_thunderbolt =
      name.starts_with("thunderbolt") || name == "bridge0" ||
      interface.port.find("Thunderbolt") != std::string::npos;
  // A Mac whose ports are not known gives its end of a Thunderbolt cable such
  // an address by itself.
  const bool is_cable_of_mac = name.starts_with("en") &&
                               is_number(name.substr(2)) &&
                               interface.port.empty() && kLinkLocal.has(ip);
  if (is_thunderbolt || is_cable_of_mac) {
    return LinkKind::thunderbolt;
  }
  if (begins_with_one(name, kTunnels) || kShared.has(ip)) {
    return LinkKind::tunnel;
  }
  if (kLinkLocal.has(ip)) {
    return LinkKind::link_local;
  }
  const bool is_private =
      std::any_of(kPrivate.begin(), kPrivate.end(), [&](const auto& range) {
        return range.has(ip);
      });
  if (!is_private) {
    return LinkKind::open;
  }
  return is_wireless ? LinkKind::wireless : LinkKind::wired;
}

std::vector<Address> Interfaces::addresses() const {
  std::vector<Address> all;
  for (const auto& [name, interface] : interfaces_) {
    for (auto address : interface.addresses) {
      if (!interface.is_up || is_inside(name) ||
          kLoopback.has(parse_ipv4(address.ip).value_or(0))) {
        continue;
      }
      address.kind = kind_of(name, interface, address);
      all.push_back(address);
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.kind < b.kind;
  });
  return all;
}

} // namespace lockstep::launch
