#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "launch/addresses.h"

namespace lockstep::launch {

/// Reads what systems print of their network interfaces, line by line.
class Interfaces {
 public:
  /// A line of `ip -o link`: whether an interface has a link.
  void add_ip_link(std::string_view line);
  /// A line of `ip -o -4 addr`.
  void add_ip_address(std::string_view line);
  /// A line of `ifconfig -a`, of macOS or Linux.
  void add_ifconfig(std::string_view line);
  /// A line of `networksetup -listallhardwareports`.
  void add_hardware_port(std::string_view line);

  /// Those that other hosts may reach, the best first.
  std::vector<Address> addresses() const;

 private:
  struct Interface {
    bool is_up = true; // until it is said to be down
    std::string port;  // what macOS calls its hardware
    std::vector<Address> addresses;
  };

  static LinkKind kind_of(
      const std::string& name, const Interface& interface, const Address& a);

  std::map<std::string, Interface> interfaces_;
  std::string ifconfig_name_; // whose lines come
  std::string port_;
};

} // namespace lockstep::launch
