#include "launch/ports.h"

#include <cerrno>
#include <cstring>
#include <random>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.h"

namespace lockstep::launch {

namespace {

link::Descriptor tcp_socket() {
  link::Descriptor socket(::socket(AF_INET, SOCK_STREAM, 0));
  if (!socket) {
    fail(
        ErrorKind::internal,
        "a socket cannot be made: {}",
        std::strerror(errno));
  }
  link::set_close_on_exec(socket.get());
  return socket;
}

bool bind_to(int fd, sockaddr_in& address) {
  socklen_t size = sizeof(address);
  auto* name = reinterpret_cast<sockaddr*>(&address);
  return ::bind(fd, name, size) == 0 && ::getsockname(fd, name, &size) == 0;
}

sockaddr_in endpoint(const std::string& ip, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::inet_pton(AF_INET, ip.c_str(), &address.sin_addr) != 1) {
    fail(
        ErrorKind::network,
        "\"{}\" is no address to listen at, expected an IPv4 address",
        ip);
  }
  return address;
}

} // namespace

ReservedPort::ReservedPort(const std::string& ip, int wished) {
  auto address = endpoint(ip, wished);
  const int yes = 1;
  bool free = true;
  if (wished != 0) {
    // Below, others of ours would be let in beside us.
    auto alone = address;
    const auto probe = tcp_socket();
    ::setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    free = bind_to(probe.get(), alone);
  }
  socket_ = tcp_socket();
  const int fd = socket_.get();
  if (!free ||
      ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
      ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes)) != 0 ||
      !bind_to(fd, address)) {
    fail(
        ErrorKind::network,
        "this host cannot listen at {}{}: {}",
        ip,
        wished != 0 ? " port " + std::to_string(wished) : "",
        std::strerror(errno));
  }
  number_ = ntohs(address.sin_port);
}

int free_port() {
  constexpr int kFirst = 20000; // below what Linux and macOS give out
  constexpr int kLast = 29999;
  constexpr int kTries = 200;
  std::random_device random;
  std::uniform_int_distribution<int> choose(kFirst, kLast);
  for (int i = 0; i < kTries; ++i) {
    auto address = endpoint("127.0.0.1", choose(random));
    if (bind_to(tcp_socket().get(), address)) {
      return ntohs(address.sin_port);
    }
  }
  fail(
      ErrorKind::network,
      "no free port on 127.0.0.1 from {} to {}",
      kFirst,
      kLast);
}

} // namespace lockstep::launch
