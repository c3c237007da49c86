#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "link/descriptor.h"

namespace lockstep::link {

inline constexpr std::string_view kTcpPrefix = "tcp:";

/// "tcp:ADDRESS:PORT", as connect_tcp() takes it.
std::string tcp_address(std::string_view ip, int port);

/// A connection to ADDRESS:PORT (an IPv4 address), which neither blocks nor
/// delays small messages. Throws Error{usage} when the text is none,
/// Error{network} when nobody answers there in `patience`.
Descriptor connect_tcp(
    const std::string& address, std::chrono::milliseconds patience);

/// What came of trying to connect.
struct Connection {
  Descriptor fd; // as connect_tcp() gives it
  int error = 0; // errno when there is none
};
/// To `port` of an IPv4 address, without an error of its own for what fails.
/// Throws Error{usage} when it is no address.
Connection try_connect(
    const std::string& ip, int port, std::chrono::milliseconds patience);

/// A port of one IPv4 address of this machine that others can connect to. Who
/// does must still prove who it is.
class TcpListener {
 public:
  /// Throws Error{network} naming the address when it is not ours. Port 0
  /// takes a free one.
  explicit TcpListener(const std::string& ip, int port = 0);

  int fd() const { return fd_.get(); }
  const std::string& ip() const { return ip_; }
  int port() const { return port_; }
  std::string address() const { return tcp_address(ip_, port_); }
  /// Nothing when nobody waits. Does not block.
  Descriptor accept();

 private:
  std::string ip_;
  Descriptor fd_;
  int port_ = 0;
};

/// Our own address on the way to `ip`, by the system's routes; asks nobody.
/// Throws Error{network} when there is no way.
std::string own_address_towards(const std::string& ip);

} // namespace lockstep::link
