#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "launch/process.h"
#include "link/descriptor.h"
#include "link/frame.h"
#include "link/handshake.h"
#include "link/message.h"

namespace lockstep::launch {

/// The launcher's end of one control link, and what came over it so far.
class RankLink {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// A rank on this machine, known by the kernel's word.
  explicit RankLink(link::Descriptor socket);
  /// A rank on another one: nothing it says counts before it has proved that
  /// it knows the secret.
  RankLink(link::Descriptor socket, const link::Secret& secret);

  /// -1 once closed.
  int fd() const { return socket_.get(); }
  bool is_open() const { return static_cast<bool>(socket_); }
  bool is_remote() const { return door_.has_value(); }
  /// Takes in all that came. Closes at the end of the stream and on anything
  /// that is no message of a rank.
  void hear(Time now);
  /// What does not fit goes with flush(). Closes when the other side is gone.
  void send(
      const link::Message& message, std::span<const int> descriptors = {});
  void flush();
  bool has_unsent() const { return !unsent_.empty(); }
  void close() { socket_.reset(); }

  const std::optional<link::Hello>& hello() const { return hello_; }
  /// The process at the other end when it is one of this machine.
  const std::optional<ProcessIdentity>& process() const { return process_; }
  /// It is about to form the group.
  const std::optional<link::Ready>& ready() const { return ready_; }
  const link::Status& status() const { return status_; }
  const std::optional<link::Goodbye>& goodbye() const { return goodbye_; }
  /// When it was made, or something came last.
  Time last_heard() const { return last_heard_; }
  /// We did not listen to it, so its silence until now tells nothing.
  void excuse(Time now) { last_heard_ = now; }
  /// What it has written since the last call.
  std::vector<link::Output> take_output();

  bool welcomed = false;
  bool has_turn = false;

 private:
  void take(const link::Message& message);
  void take_hello(const link::Hello& hello);

  link::Descriptor socket_;
  std::optional<link::Doorkeeper> door_;
  bool admitted_;
  link::FrameReader reader_{"a rank"};
  std::string unsent_;
  std::optional<link::Hello> hello_;
  std::optional<ProcessIdentity> process_;
  std::optional<link::Ready> ready_;
  link::Status status_{"starting", 0};
  std::optional<link::Goodbye> goodbye_;
  std::vector<link::Output> output_;
  Time last_heard_ = std::chrono::steady_clock::now();
};

} // namespace lockstep::launch
