#include "link/socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>

#include "base/error.h"

namespace lockstep::link {

namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::size_t kMaxDescriptors = 3;
constexpr std::size_t kReceiveBytes = 4096;

sockaddr_un socket_name(std::string_view path) {
  sockaddr_un name{};
  if (path.empty() || path.front() != '/' ||
      path.size() >= sizeof(name.sun_path)) {
    fail(
        ErrorKind::usage,
        "\"{}\" is not a path for a socket, expected an absolute one of at "
        "most {} bytes; set TMPDIR to a shorter one",
        path,
        sizeof(name.sun_path) - 1);
  }
  name.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), name.sun_path);
  return name;
}

Descriptor make_socket() {
  Descriptor fd(::socket(AF_UNIX, SOCK_STREAM, 0));
  if (!fd) {
    fail(
        ErrorKind::internal,
        "a socket cannot be made: {}",
        std::strerror(errno));
  }
  set_close_on_exec(fd.get());
  return fd;
}

} // namespace

std::string unix_address(std::string_view path) {
  return std::string(kUnixPrefix) + std::string(path);
}

Descriptor connect_to(const std::string& address) {
  const std::string_view text = address;
  if (!text.starts_with(kUnixPrefix)) {
    fail(
        ErrorKind::usage,
        "\"{}\" is not the address of a control link, expected unix:/PATH",
        address);
  }
  const auto name = socket_name(text.substr(kUnixPrefix.size()));
  auto fd = make_socket();
  if (::connect(
          fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)) !=
      0) {
    fail(
        ErrorKind::network,
        "the launcher cannot be reached at {}: {}",
        address,
        std::strerror(errno));
  }
  set_nonblocking(fd.get());
  return fd;
}

Listener::Listener(const std::string& path)
    : address_(unix_address(path)), fd_(make_socket()) {
  const auto name = socket_name(path);
  if (::bind(
          fd_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)) !=
          0 ||
      ::listen(fd_.get(), SOMAXCONN) != 0) {
    fail(
        ErrorKind::network,
        "a socket cannot be made at {}: {}",
        path,
        std::strerror(errno));
  }
  set_nonblocking(fd_.get());
}

Descriptor Listener::accept() {
  Descriptor fd(::accept(fd_.get(), nullptr, nullptr));
  if (!fd) {
    return {};
  }
  set_close_on_exec(fd.get());
  set_nonblocking(fd.get());
  const auto peer = peer_identity(fd.get());
  if (!peer || peer->uid != ::geteuid()) {
    return {};
  }
  return fd;
}

Received receive(int fd) {
  std::array<char, kReceiveBytes> buffer{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxDescriptors * sizeof(int))>
      control{};
  iovec part{buffer.data(), buffer.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();

  Received result;
  const auto n = ::recvmsg(fd, &header, 0);
  if (n <= 0) {
    result.closed =
        n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
    return result;
  }
  for (auto* c = CMSG_FIRSTHDR(&header); c != nullptr;
       c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const auto count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int received = -1;
      std::memcpy(&received, CMSG_DATA(c) + i * sizeof(int), sizeof(received));
      set_close_on_exec(received);
      result.descriptors.emplace_back(received);
    }
  }
  result.bytes.assign(buffer.data(), static_cast<std::size_t>(n));
  return result;
}

ssize_t send_some(
    int fd, std::string_view bytes, std::span<const int> descriptors) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxDescriptors * sizeof(int))>
      control{};
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!descriptors.empty() && descriptors.size() <= kMaxDescriptors) {
    const auto size = descriptors.size_bytes();
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(size);
    auto* c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(c), descriptors.data(), size);
  }
  const auto n = ::sendmsg(fd, &header, 0);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
    return 0;
  }
  return n;
}

} // namespace lockstep::link
