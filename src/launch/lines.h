#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launch/rank_link.h"

namespace lockstep::launch {

// The lines a user reads when a run fails, without the leading "lockstep: ".

/// How a process ended.
struct RankEnd {
  std::optional<int> signal;
  int exit_code = 0;

  static RankEnd from_status(int wait_status);
  /// As shells and mpirun put it: 128 and the signal.
  static RankEnd from_shell(int exit_code);

  bool is_good() const { return !signal && exit_code == 0; }
  /// "killed by signal 9", "ended with exit code 3", "ended".
  std::string text() const;
};

/// A rank that had said hello is gone without goodbye.
std::string lost_line(
    const RankLink& rank, const std::string& how, int n_ranks);

/// A rank ended before its hello.
std::string not_started_line(int rank, const std::string& how);

/// The same of a rank on another host, from how our way to it ended and what
/// was said there; `program` says where lockstep should be.
std::string not_started_on_line(
    int rank,
    const std::string& host,
    const std::string& program,
    const RankEnd& end,
    const std::string& said);

/// mpirun did not come to start it, after what was said there.
std::string no_daemon_line(
    int rank, const std::string& host, const std::string& said);

/// The last line of a text that says something, without our own name before
/// it.
std::string last_line(std::string_view text);

/// "rank 1", "ranks 0, 2 and 3".
std::string ranks_text(const std::vector<int>& ranks);

} // namespace lockstep::launch
