#include "launch/remote.h"

#include <algorithm>
#include <memory>

#include <poll.h>

#include "base/error.h"
#include "base/utf8.h"
#include "launch/own_process.h"
#include "launch/remote_process.h"
#include "launch/signals.h"
#include "launch/ssh.h"
#include "plan/hosts.h"

namespace lockstep::launch {

namespace {

using Clock = std::chrono::steady_clock;
using Running = std::vector<std::unique_ptr<RemoteProcess>>;

/// Until one of them can go on, or a deadline or a signal has come.
void wait(const Running& running, const Signals& signals) {
  std::vector<pollfd> waiting{{signals.fd(), POLLIN, 0}};
  auto until = running.front()->deadline();
  for (const auto& process : running) {
    process->add_to(waiting);
    until = std::min(until, process->deadline());
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      std::max(until - Clock::now(), Clock::duration::zero()));
  ::poll(
      waiting.data(),
      static_cast<nfds_t>(waiting.size()),
      static_cast<int>(left.count()));
}

void throw_if_asked_to_end(Signals& signals) {
  for (const int signal : signals.take()) {
    if (signal != SIGCHLD) {
      fail(ErrorKind::interrupted, "interrupted");
    }
  }
}

/// The last line that is not empty, for a person.
std::string last_line(const std::string& text) {
  constexpr std::size_t kMost = 200;
  const auto end = text.find_last_not_of(" \t\r\n");
  if (end == std::string::npos) {
    return "";
  }
  const auto newline = text.find_last_of("\r\n", end);
  const auto begin = newline == std::string::npos ? 0 : newline + 1;
  return one_line(text.substr(begin, end + 1 - begin), kMost);
}

} // namespace

std::vector<RemoteResult> run_on_hosts(
    const std::vector<RemoteJob>& jobs, const RemoteOptions& options) {
  open_standard_descriptors();
  const PipeSignalIgnored no_pipe_signal;
  Signals signals;
  std::vector<RemoteResult> results(jobs.size());
  Running running;
  std::size_t n_started = 0;
  while (n_started < jobs.size() || !running.empty()) {
    while (n_started < jobs.size() && running.size() < options.most_at_once) {
      running.push_back(std::make_unique<RemoteProcess>(
          jobs[n_started], options, signals.mask_before(), results[n_started]));
      ++n_started;
    }
    wait(running, signals);
    throw_if_asked_to_end(signals);
    const auto now = Clock::now();
    std::erase_if(running, [&](const auto& process) {
      process->pump();
      return process->is_over(now);
    });
  }
  return results;
}

std::string remote_failure(const RemoteResult& result) {
  constexpr int kSshFailed = 255;
  const auto line = last_line(result.err);
  if (!result.end) {
    return fmt::format(
        "{}: gave no answer within {} s{}; {}",
        result.host,
        static_cast<double>(result.deadline.count()) / 1000,
        line.empty() ? "" : fmt::format(" ({})", line),
        plan::is_here(result.host) ? "is this machine overloaded?"
                                   : ssh_advice(line, result.host));
  }
  if (!plan::is_here(result.host) && result.end->exit_code == kSshFailed) {
    return fmt::format(
        "{}: cannot be reached: {}; {}",
        result.host,
        line.empty() ? "ssh ended without a word" : line,
        ssh_advice(line, result.host));
  }
  return fmt::format(
      "{}: what was run there {}{}{}{}",
      result.host,
      result.end->signal ? "was " : "",
      result.end->text(),
      line.empty() ? "" : ": ",
      line);
}

} // namespace lockstep::launch
