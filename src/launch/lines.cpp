#include "launch/lines.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/utf8.h"
#include "launch/ssh.h"

namespace lockstep::launch {

namespace {

// Whether a shell's exit code says that a program is not there or cannot be run.
bool is_no_program(const RankEnd& end) {
  constexpr int kNotExecutable = 126;
  constexpr int kNotFound = 127;
  return !end.signal &&
         (end.exit_code == kNotExecutable || end.exit_code == kNotFound);
}

} // namespace

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

std::string last_line(std::string_view text) {
  constexpr std::string_view kSpace = " \r\n";
  constexpr std::string_view kOwnName = "lockstep: ";
  const auto end = text.find_last_not_of(kSpace);
  if (end == std::string_view::npos) {
    return "";
  }
  text = text.substr(0, end + 1);
  text = text.substr(text.rfind('\n') + 1);
  if (text.starts_with(kOwnName)) {
    text.remove_prefix(kOwnName.size());
  }
  constexpr std::size_t kShown = 300;
  return one_line(text, kShown);
}

std::string not_started_on_line(
    int rank,
    const std::string& host,
    const std::string& program,
    const RankEnd& end,
    const std::string& said) {
  constexpr int kSshFailed = 255;
  const auto last = last_line(said);
  std::string why = last.empty() ? end.text() : last;
  if (is_no_program(end)) {
    why = fmt::format(
        "there is no program {} that can be run{}; bring it with lockstep "
        "push, or install the same lockstep there",
        program,
        last.empty() ? "" : fmt::format(" ({})", last));
  } else if (end.exit_code == kSshFailed && !end.signal) {
    why = fmt::format(
        "ssh failed{}; {}",
        last.empty() ? " without a word, or a signal killed the program there"
                     : ": " + last,
        ssh_advice(last, host));
  }
  return fmt::format("rank {} did not start on {}: {}", rank, host, why);
}

std::string no_daemon_line(
    int rank, const std::string& host, const std::string& said) {
  return fmt::format(
      "rank {} did not start on {}: mpirun could not start its daemon there: "
      "{}; is the same Open MPI installed there? --backend ring needs none",
      rank,
      host,
      last_line(said));
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
