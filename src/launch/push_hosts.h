#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "plan/hosts.h"
#include "push/sender.h"

namespace lockstep::launch {

/// What one machine is to get; several ranks of a hosts file may be one such.
struct HostCargo {
  plan::Host host; // not this machine
  push::Cargo cargo;
};

/// How far one machine has come.
struct PushState {
  std::string host;
  // Bytes of the model: all that the host is to have, what went (in a dry run:
  // would go), and what was there.
  std::uint64_t total = 0;
  std::uint64_t sent = 0;
  std::uint64_t present = 0;
  /// Bytes of the program that went, or would go; 0 = it is there.
  std::uint64_t program_sent = 0;
  std::uint64_t program_total = 0;
  std::string remark; // about the program; may be empty
  double seconds = 0.0;
  bool is_over = false;
  std::string
      failure; // why it is over before its time, beginning with the host
};

struct PushOptions {
  push::SendOptions sending;
  std::chrono::milliseconds ask_deadline = std::chrono::seconds(15);
  /// Told now and then of all of them, in their order.
  std::function<void(const std::vector<PushState>&)> on_progress;
};

/// Brings program and model to all of them at the same time, each over one ssh
/// after another. One that fails stops none of the others and is no error here.
/// Throws Error{interrupted} at SIGINT, SIGTERM or SIGHUP, and as run_on_hosts
/// does, under the same conditions.
std::vector<PushState> push_to_hosts(
    const std::vector<HostCargo>& cargos, const PushOptions& options);

/// What came of removing from one host what push had brought.
struct CleanResult {
  std::string host;
  std::uint64_t freed = 0; // bytes
  std::string failure;     // empty when it went well
};

/// Throws as run_on_hosts does.
std::vector<CleanResult> clean_hosts(const std::vector<plan::Host>& hosts);

} // namespace lockstep::launch
