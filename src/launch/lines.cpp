#include "launch/lines.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>

namespace lockstep::launch {

RankEnd RankEnd::from_status(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    return {WTERMSIG(wait_status), 0};
  }
  return {std::nullopt, WEXITSTATUS(wait_status)};
}

RankEnd RankEnd::from_shell(int exit_code) {
  constexpr int kSignalBase = 128;
  if (exit_code > kSignalBase && exit_code < kSignalBase + NSIG) {
    return {exit_code - kSignalBase, 0};
  }
  return {std::nullopt, exit_code};
}

std::string RankEnd::text() const {
  if (signal) {
    return fmt::format("killed by signal {}", *signal);
  }
  return exit_code == 0 ? "ended"
                        : fmt::format("ended with exit code {}", exit_code);
}

std::string lost_line(
    const RankLink& rank, const std::string& how, int n_ranks) {
  auto line = fmt::format(
      "rank {} (pid {}, host {}) was lost: {} while {}",
      rank.hello()->rank,
      rank.hello()->pid,
      rank.hello()->host,
      how,
      rank.status().phase);
  if (rank.status().tick > 0) {
    line += fmt::format(", after tick {}", rank.status().tick);
  }
  return n_ranks > 1 ? line + "; the others were ended" : line;
}

std::string not_started_line(int rank, const std::string& how) {
  return fmt::format(
      "rank {} did not start: {} before it said hello", rank, how);
}

std::string ranks_text(const std::vector<int>& ranks) {
  std::string text = ranks.size() == 1 ? "rank" : "ranks";
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const bool last = i > 0 && i + 1 == ranks.size();
    text += fmt::format("{} {}", last ? " and" : (i > 0 ? "," : ""), ranks[i]);
  }
  return text;
}

} // namespace lockstep::launch
