#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>

#include "launch/lines.h"
#include "launch/remote.h"
#include "launch/remote_process.h"

namespace lockstep::launch {

/// A program on a host that we talk to as long as it lives. Nothing blocks.
class RemoteStream {
 public:
  /// Starts it; throws as start_on_host() does.
  RemoteStream(
      std::string host,
      const std::vector<std::string>& command,
      const sigset_t& mask);
  /// Kills what still runs, with all that it started here.
  ~RemoteStream();
  RemoteStream(const RemoteStream&) = delete;
  RemoteStream& operator=(const RemoteStream&) = delete;

  /// What to wait for; for room to write only when there is something to write.
  void add_to(std::vector<pollfd>& waiting, bool has_to_write) const;

  /// What it has written to its stdout since the last call; may be empty. Takes
  /// in what it says on stderr, too.
  std::string read();
  /// Writes what it has room for, -> how much that was. All of it, when it reads
  /// no more: its end tells why.
  std::size_t write(std::string_view bytes);
  void close_input() { pipes_.in.reset(); }

  /// Whether it has ended; what it wrote last can still be read.
  bool has_ended();
  /// How it ended, for remote_failure().
  RemoteResult result() const;

 private:
  std::string host_;
  ProcessOnHost pipes_;
  std::string said_; // the last of stderr
  std::optional<RankEnd> end_;
};

} // namespace lockstep::launch
