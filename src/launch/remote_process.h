#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>
#include <signal.h>
#include <sys/types.h>

#include "launch/remote.h"
#include "link/descriptor.h"

namespace lockstep::launch {

/// A process on a host, or the ssh that leads to it, and our ends of its streams,
/// none of which blocks us. It leads a group of processes.
struct ProcessOnHost {
  pid_t pid = 0;
  link::Descriptor in;
  link::Descriptor out;
  link::Descriptor err;
};

/// Starts a command there, which has `mask` blocked. Throws as run_on_hosts
/// does.
ProcessOnHost start_on_host(
    const std::string& host,
    const std::vector<std::string>& command,
    const sigset_t& mask);

/// One job while it runs: ssh, or here the program itself. Nothing blocks.
class RemoteProcess {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Starts it. Keeps references to `job` and `result`; `mask` is what it has
  /// blocked. Throws as run_on_hosts does.
  RemoteProcess(
      const RemoteJob& job,
      const RemoteOptions& options,
      const sigset_t& mask,
      RemoteResult& result);
  /// Kills what still runs, with all that it started.
  ~RemoteProcess();
  RemoteProcess(const RemoteProcess&) = delete;
  RemoteProcess& operator=(const RemoteProcess&) = delete;

  /// What to wait for.
  void add_to(std::vector<pollfd>& waiting) const;
  /// Reads and writes what can be.
  void pump();
  /// Whether it has ended; kills it at its deadline.
  bool is_over(Time now);

  Time deadline() const { return deadline_; }

 private:
  bool take(link::Descriptor& from, std::string& to);
  void write_input();
  void stop();

  RemoteResult& result_;
  std::size_t most_bytes_;
  std::string_view input_; // what is left of it
  ProcessOnHost process_;  // pid 0 = not running
  Time deadline_;
};

} // namespace lockstep::launch
