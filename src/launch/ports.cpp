#include "launch/ports.h"

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.h"

namespace lockstep::launch {

ReservedPort::ReservedPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const int yes = 1;
  auto* name = reinterpret_cast<sockaddr*>(&address);
  const int fd = socket_.get();
  if (fd < 0 ||
      ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
      ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes)) != 0 ||
      ::bind(fd, name, size) != 0 || ::getsockname(fd, name, &size) != 0) {
    fail(
        ErrorKind::network,
        "no free port on 127.0.0.1: {}",
        std::strerror(errno));
  }
  link::set_close_on_exec(fd);
  number_ = ntohs(address.sin_port);
}

} // namespace lockstep::launch
