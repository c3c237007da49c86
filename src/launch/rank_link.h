#pragma once

#include <optional>
#include <span>
#include <string>

#include "launch/process.h"
#include "link/descriptor.h"
#include "link/frame.h"
#include "link/message.h"

namespace lockstep::launch {

/// The launcher's end of one control link, and what came over it so far.
class RankLink {
 public:
  explicit RankLink(link::Descriptor socket);

  /// -1 once closed.
  int fd() const { return socket_.get(); }
  bool is_open() const { return static_cast<bool>(socket_); }
  /// Takes in all that came. Closes at the end of the stream and on anything
  /// that is no message of a rank.
  void hear();
  /// Closes when the other side does not take it.
  void send(
      const link::Message& message, std::span<const int> descriptors = {});
  void close() { socket_.reset(); }

  const std::optional<link::Hello>& hello() const { return hello_; }
  /// The process at the other end, by the kernel's word where it gives it.
  const std::optional<ProcessIdentity>& process() const { return process_; }
  bool is_ready() const { return ready_; }
  const link::Status& status() const { return status_; }
  const std::optional<link::Goodbye>& goodbye() const { return goodbye_; }

  bool welcomed = false;
  bool has_turn = false;

 private:
  void take(const link::Message& message);

  link::Descriptor socket_;
  link::FrameReader reader_{"a rank"};
  std::optional<link::Hello> hello_;
  std::optional<ProcessIdentity> process_;
  bool ready_ = false;
  link::Status status_{"starting", 0};
  std::optional<link::Goodbye> goodbye_;
};

} // namespace lockstep::launch
