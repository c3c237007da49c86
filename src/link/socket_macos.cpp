#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "link/socket.h"

namespace lockstep::link {

std::optional<PeerIdentity> peer_identity(int fd) {
  PeerIdentity peer;
  gid_t group = 0;
  if (::getpeereid(fd, &peer.uid, &group) != 0) {
    return std::nullopt;
  }
  socklen_t size = sizeof(peer.pid);
  if (::getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, &peer.pid, &size) != 0) {
    peer.pid = 0;
  }
  return peer;
}

} // namespace lockstep::link
