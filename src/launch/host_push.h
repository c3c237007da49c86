#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <poll.h>
#include <signal.h>

#include "launch/host_place.h"
#include "launch/push_hosts.h"
#include "launch/remote_stream.h"
#include "push/program_files.h"
#include "push/tar_stream.h"

namespace lockstep::launch {

/// This program as hosts are to have it.
struct ProgramCargo {
  std::vector<push::ProgramFile> files;
  std::vector<std::string> checksums; // push::checksum_lines of them
};

/// One machine's push while it runs: first the program, then the model.
class HostPush {
 public:
  /// Keeps references to all but `facts` and `mask`.
  HostPush(
      const HostCargo& cargo,
      const ProgramCargo& program,
      const PushOptions& options,
      const PlaceFacts& facts,
      const sigset_t& mask,
      PushState& state);

  bool is_over() const { return state_.is_over; }
  /// What to wait for.
  void add_to(std::vector<pollfd>& waiting) const;
  /// Whether it need not wait.
  bool can_go_on() const;
  /// Does what can be done without waiting, and not for long.
  void go_on();

 private:
  void choose(const PlaceFacts& facts);
  void start_program();
  void start_model();
  std::string next();
  void write_some();
  void look_for_end();
  void end(const std::string& failure);

  const HostCargo& cargo_;
  const ProgramCargo& program_;
  const PushOptions& options_;
  sigset_t mask_;
  PushState& state_;
  std::chrono::steady_clock::time_point start_;
  std::optional<RemoteStream> stream_;
  // What flows: the one or the other.
  std::optional<push::TarStream> archive_;
  bool archive_has_ended_ = false;
  std::optional<push::Sender> sender_;
  std::string bytes_; // that wait to be written, from `at_` on
  std::size_t at_ = 0;
  bool is_blocked_ = false;
};

} // namespace lockstep::launch
