#include "link/tcp.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/error.h"

namespace lockstep::link {

namespace {

constexpr int kMostPort = 65535;

std::optional<sockaddr_in> endpoint(const std::string& ip, int port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::inet_pton(AF_INET, ip.c_str(), &name.sin_addr) != 1) {
    return std::nullopt;
  }
  return name;
}

const sockaddr* generic(const sockaddr_in& name) {
  return reinterpret_cast<const sockaddr*>(&name);
}

sockaddr_in parse(const std::string& address) {
  std::string_view text = address;
  if (text.starts_with(kTcpPrefix)) {
    text.remove_prefix(kTcpPrefix.size());
  }
  const auto colon = text.rfind(':');
  int port = 0;
  if (colon != std::string_view::npos) {
    const std::string digits(text.substr(colon + 1));
    const auto* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, port);
    if (error == std::errc() && stop == end && port > 0 && port <= kMostPort) {
      if (const auto name =
              endpoint(std::string(text.substr(0, colon)), port)) {
        return *name;
      }
    }
  }
  fail(
      ErrorKind::usage,
      "\"{}\" is not the address of a control link, expected "
      "tcp:ADDRESS:PORT with an IPv4 address",
      address);
}

Descriptor make_socket(int type) {
  Descriptor fd(::socket(AF_INET, type, 0));
  if (!fd) {
    fail(
        ErrorKind::internal,
        "a socket cannot be made: {}",
        std::strerror(errno));
  }
  set_close_on_exec(fd.get());
  set_nonblocking(fd.get());
  return fd;
}

// Words on the control link are small and urgent.
void send_at_once(int fd) {
  const int yes = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
}

Connection connect_within(
    const sockaddr_in& name, std::chrono::milliseconds patience) {
  auto fd = make_socket(SOCK_STREAM);
  int error = 0;
  if (::connect(fd.get(), generic(name), sizeof(name)) != 0) {
    error = errno;
  }
  if (error == EINPROGRESS) {
    pollfd waiting{fd.get(), POLLOUT, 0};
    const int n = ::poll(&waiting, 1, static_cast<int>(patience.count()));
    socklen_t size = sizeof(error);
    if (n <= 0) {
      error = ETIMEDOUT;
    } else if (
        ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
      error = errno;
    }
  }
  if (error != 0) {
    return {Descriptor(), error};
  }
  send_at_once(fd.get());
  return {std::move(fd), 0};
}

} // namespace

std::string tcp_address(std::string_view ip, int port) {
  return fmt::format("{}{}:{}", kTcpPrefix, ip, port);
}

Connection try_connect(
    const std::string& ip, int port, std::chrono::milliseconds patience) {
  return connect_within(parse(tcp_address(ip, port)), patience);
}

Descriptor connect_tcp(
    const std::string& address, std::chrono::milliseconds patience) {
  auto [fd, error] = connect_within(parse(address), patience);
  if (error != 0) {
    fail(
        ErrorKind::network,
        "the launcher cannot be reached at {}: {}; can this host reach the "
        "launcher's address, or does a firewall forbid it?",
        address,
        std::strerror(error));
  }
  return std::move(fd);
}

TcpListener::TcpListener(const std::string& ip, int port)
    : ip_(ip), fd_(make_socket(SOCK_STREAM)) {
  const auto name = endpoint(ip, port);
  sockaddr_in bound{};
  socklen_t size = sizeof(bound);
  if (!name || ::bind(fd_.get(), generic(*name), sizeof(*name)) != 0 ||
      ::listen(fd_.get(), SOMAXCONN) != 0 ||
      ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&bound), &size) !=
          0) {
    fail(
        ErrorKind::network,
        "nothing can listen at {} port {}: {}",
        ip,
        port,
        name ? std::strerror(errno) : "no IPv4 address");
  }
  port_ = ntohs(bound.sin_port);
}

Descriptor TcpListener::accept() {
  Descriptor fd(::accept(fd_.get(), nullptr, nullptr));
  if (fd) {
    set_close_on_exec(fd.get());
    set_nonblocking(fd.get());
    send_at_once(fd.get());
  }
  return fd;
}

std::string own_address_towards(const std::string& ip) {
  constexpr int kAnyPort = 9; // connecting a datagram socket sends nothing
  const auto name = endpoint(ip, kAnyPort);
  const auto fd = make_socket(SOCK_DGRAM);
  sockaddr_in own{};
  socklen_t size = sizeof(own);
  std::array<char, INET_ADDRSTRLEN> text{};
  if (!name || ::connect(fd.get(), generic(*name), sizeof(*name)) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&own), &size) != 0 ||
      ::inet_ntop(AF_INET, &own.sin_addr, text.data(), text.size()) ==
          nullptr) {
    fail(
        ErrorKind::network,
        "there is no way from this machine to {}: {}",
        ip,
        name ? std::strerror(errno) : "no IPv4 address");
  }
  return text.data();
}

} // namespace lockstep::link
