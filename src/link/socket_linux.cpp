#include <sys/socket.h>

#include "link/socket.h"

namespace lockstep::link {

std::optional<PeerIdentity> peer_identity(int fd) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return std::nullopt;
  }
  return PeerIdentity{credentials.uid, credentials.pid};
}

} // namespace lockstep::link
