#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launch/own_process.h"
#include "launch/remote.h"
#include "launch/remote_process.h"
#include "launch/signals.h"

namespace lockstep::launch {

/// Stands before each answer, as what hosts print at a login may come on the
/// same stream.
inline constexpr std::string_view kAnswerMark = "lockstep-answer ";

struct HostLine {
  std::string host; // as in RemoteJob
  std::vector<std::string> command;
};

/// What a host said to a question.
struct LineAnswer {
  std::string text;
  std::chrono::microseconds waited{}; // from the question to the answer
};

/// Programs on hosts, each of which answers a line on its stdin with a line on
/// its stdout that begins with kAnswerMark. They end when this object does.
///
/// At SIGINT, SIGTERM or SIGHUP Error{interrupted} is thrown. Call it while no
/// other thread runs and no `Signals` lives.
class HostLines {
 public:
  /// Starts all at once. Throws as run_on_hosts does.
  explicit HostLines(const std::vector<HostLine>& hosts);
  ~HostLines();
  HostLines(const HostLines&) = delete;
  HostLines& operator=(const HostLines&) = delete;

  std::size_t size() const { return hosts_.size(); }
  /// Asks host i questions[i], a line without its end, where there is one and the
  /// host still runs. Returns when all who were asked have answered, in the order
  /// of the hosts; one that has not by the deadline is ended.
  std::vector<std::optional<LineAnswer>> ask(
      const std::vector<std::optional<std::string>>& questions,
      std::chrono::milliseconds deadline);
  /// Whether it still runs.
  bool is_there(std::size_t host) const;
  /// How one ended that is no longer there, for remote_failure.
  const RemoteResult& result(std::size_t host) const;

 private:
  using Clock = std::chrono::steady_clock;

  struct Host {
    ProcessOnHost process;
    RemoteResult result;
    std::string to_send;
    std::string line; // what came of the next one
    bool is_asked = false;
    Clock::time_point asked;
    std::optional<LineAnswer> answer;
  };

  void wait(Clock::time_point until);
  static void pump(Host& host);
  static void take(Host& host, std::string_view bytes);
  static void reap(Host& host);
  static void stop(Host& host);

  PipeSignalIgnored no_pipe_signal_;
  Signals signals_;
  std::vector<Host> hosts_;
};

} // namespace lockstep::launch
