#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "launch/chatter.h"
#include "launch/doors.h"
#include "launch/ending.h"
#include "launch/lines.h"
#include "launch/printer.h"
#include "launch/pulse.h"
#include "launch/rank_link.h"
#include "launch/signals.h"
#include "launch/start.h"
#include "launch/verdict.h"

namespace lockstep::launch {

struct SupervisorOptions {
  int n_ranks = 1;
  /// Until all ranks have said hello, and then until all have met.
  std::chrono::milliseconds start_deadline = std::chrono::seconds(30);
  std::chrono::milliseconds join_deadline = std::chrono::seconds(60);
  /// What rank 0 reads: a file, where descriptors go over the control link,
  /// else text.
  int rank0_stdin = -1;
  std::string rank0_text;
  /// What ssh calls the host of each rank, and where its program lies; empty:
  /// all are on this machine.
  std::vector<std::string> hosts;
  std::vector<std::string> programs; // for people
};

/// Watches ranks from their start to their end: one thread, one poll.
class Supervisor {
 public:
  /// Keeps references to `doors` and `signals`; owns what was started.
  Supervisor(
      const SupervisorOptions& options,
      Doors& doors,
      Signals& signals,
      Started started);

  /// Returns when no process is left: the exit code of the whole. Says on
  /// stderr what went wrong.
  int run();

 private:
  using Time = std::chrono::steady_clock::time_point;

  struct Outcome {
    int exit_code = 0;
    std::string line;
    bool with_remarks = false; // mpirun may know more
  };

  /// Before a verdict settles, for what only the system knows then.
  static constexpr std::chrono::milliseconds kLastLook{10};

  void wait(std::chrono::milliseconds patience);
  bool listens_to(const RankLink& rank) const;
  std::chrono::milliseconds patience(Time now) const;
  void accept_ranks();
  void hear_ranks(Time now);
  void hear_chatter();
  void keep_alive(Time now);
  std::vector<const Child*> collect(); // those that ended just now
  void reap(Time now);

  void welcome(RankLink& rank);
  void send_input(RankLink& rank);
  void give_turns(Time now);
  void give_turns_of_hosts(Time now);
  bool others_listen(Time now);
  void book_end(const RankLink& rank, Time now);
  void book_rank(int number, const RankEnd& end, Time now);
  void book_keeper(const Child& child, Time now);
  void book_mpirun(const Child& child, Time now);
  void look_for_statuses(Time now);

  std::optional<Outcome> judge(Time now);
  std::optional<Outcome> judge_deadlines(Time now);
  std::optional<Outcome> judge_start(Time now) const;
  std::optional<Outcome> judge_joining(Time now);
  std::string start_advice(const std::vector<int>& missing) const;
  int end(const Outcome& outcome);

  const RankLink* find(int rank) const;
  const KeeperLine* keeper_of(int rank) const;
  std::optional<int> rank_on(const std::string& host) const; // the first
  std::string start_line(int rank, const RankEnd& end) const;
  std::string start_line(
      int rank, const RankEnd& end, const std::string& said) const;
  std::string said_by(int rank) const; // before its hello
  std::optional<Failure> way_failure() const;
  std::optional<Failure> daemon_failure() const;
  std::optional<int> rank_that_spoke() const;
  std::vector<int> ranks_without_hello() const;
  bool all_ended() const;

  SupervisorOptions options_;
  Doors& doors_;
  Signals& signals_;
  Started started_;
  link::Descriptor nothing_; // /dev/null, for the stdin of other ranks

  std::vector<RankLink> links_;
  Chatter chatter_;
  Printer printer_;
  Pulse pulse_;
  Verdict verdict_;
  std::optional<int> signal_; // SIGINT, SIGTERM or SIGHUP came
  int n_signals_ = 0;
  bool stdout_closed_ = false;
  bool last_rank_held_ = false;
  Time began_;
  Time others_ready_at_{};
  Time last_keep_alive_{};
  std::optional<Time> joining_since_; // all have their turn
  std::optional<Time> first_done_at_;
  std::optional<int> first_vanished_;
  int done_code_ = 0; // of ranks that ended as they meant to
};

} // namespace lockstep::launch
