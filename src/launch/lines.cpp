#include "launch/lines.h"

#include <fmt/format.h>
#include <sys/wait.h>

namespace lockstep::launch {

std::string how_it_ended(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    return fmt::format("killed by signal {}", WTERMSIG(wait_status));
  }
  if (WEXITSTATUS(wait_status) != 0) {
    return fmt::format("ended with exit code {}", WEXITSTATUS(wait_status));
  }
  return "ended";
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

std::string not_started_line(const Child& child, const std::string& how) {
  return fmt::format(
      "rank {} (pid {}) did not start: {} before it said hello",
      child.rank.value_or(0),
      child.pid,
      how);
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
