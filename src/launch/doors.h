#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "launch/rank_link.h"
#include "link/secret.h"
#include "link/socket.h"
#include "link/tcp.h"

namespace lockstep::launch {

/// Where ranks find their launcher: a Unix socket for those it starts on this
/// machine, addresses of this machine for those on others, who must prove that
/// they know the run's secret.
class Doors {
 public:
  /// The Unix socket lies in `directory`.
  explicit Doors(const std::filesystem::path& directory);

  const std::string& local_address() const { return local_.address(); }
  /// The address at which the host `ip` reaches us; listens there from now on.
  /// Throws Error{network} when there is no way to it.
  std::string address_for(const std::string& ip);
  const link::Secret& secret() const { return secret_; }

  /// To be polled for reading.
  std::vector<int> fds() const;
  /// A link to who knocked; nothing when nobody did. Does not block.
  std::optional<RankLink> accept();

 private:
  link::Listener local_;
  std::vector<link::TcpListener> others_;
  link::Secret secret_ = link::Secret::random();
};

} // namespace lockstep::launch
