#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "launch/lines.h"

namespace lockstep::launch {

/// A program that is to run on a host until it ends.
struct RemoteJob {
  /// What ssh is called with; this machine (plan::is_here) without ssh.
  std::string host;
  /// The program and its arguments, which no shell changes.
  std::vector<std::string> command;
  /// What it reads on stdin; then comes the end.
  std::string stdin_text;
};

struct RemoteOptions {
  std::chrono::milliseconds deadline = std::chrono::seconds(15); // of each job
  /// Kept of each job's stdout, and of its stderr; what comes after is dropped.
  std::size_t most_bytes = std::size_t{64} << 10U;
  /// Jobs at the same time; each has three descriptors.
  std::size_t most_at_once = 32;
};

/// What came of a job.
struct RemoteResult {
  std::string host;
  std::string out;
  std::string err;
  bool is_cut = false; // something was dropped
  /// How it, or ssh, ended; nothing when it was killed at its deadline.
  std::optional<RankEnd> end;
  std::chrono::milliseconds deadline{};

  bool is_good() const { return end && end->is_good(); }
};

/// Runs all jobs, many at a time, and returns when all have ended, results in
/// the order of the jobs. Those that fail are no error: see `remote_failure`.
/// A job ends with its own process, even if one that it started has its stdout.
///
/// At SIGINT, SIGTERM or SIGHUP all are killed at once and Error{interrupted} is
/// thrown; at a job's deadline it is. On a host, what runs there then ends when
/// it reads or writes. Throws Error{network} when there is no ssh, Error{usage}
/// for a name that ssh must not be called with.
///
/// Call it while no other thread runs and no `Signals` lives.
std::vector<RemoteResult> run_on_hosts(
    const std::vector<RemoteJob>& jobs, const RemoteOptions& options = {});

/// Why a job failed and what to do, in one line that begins with the host.
std::string remote_failure(const RemoteResult& result);

} // namespace lockstep::launch
