#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "link/descriptor.h"

namespace lockstep::link {

/// "unix:/absolute/path".
std::string unix_address(std::string_view path);

/// A control connection to `address`. Throws Error{usage} when it is no
/// address, Error{network} when nobody listens there.
Descriptor connect_to(const std::string& address);

/// A socket others can connect to; only processes of our own user are let in.
class Listener {
 public:
  /// Throws Error{network} when the path is too long or cannot be bound.
  explicit Listener(const std::string& path);

  int fd() const { return fd_.get(); }
  const std::string& address() const { return address_; }
  /// Nothing when nobody waits or a stranger knocked. Does not block.
  Descriptor accept();

 private:
  std::string address_;
  Descriptor fd_;
};

struct PeerIdentity {
  uid_t uid = 0;
  pid_t pid = 0; // 0 when the system does not say
};
/// Who is at the other end, by the kernel's word.
std::optional<PeerIdentity> peer_identity(int fd);

/// What came: some bytes, descriptors (ours now), or the end.
struct Received {
  std::string bytes;
  std::vector<Descriptor> descriptors;
  bool closed = false;
};
/// Does not block: all empty when nothing waits.
Received receive(int fd);

/// As many bytes as fit now, the descriptors with the first of them; -1 when
/// the other side is gone. Does not block.
ssize_t send_some(
    int fd, std::string_view bytes, std::span<const int> descriptors = {});

} // namespace lockstep::link
