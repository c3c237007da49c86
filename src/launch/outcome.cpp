// How a run ends: when it is decided, and how the processes go.
#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch/lines.h"
#include "launch/supervisor.h"

namespace lockstep::launch {

namespace {

using std::chrono::milliseconds;

constexpr int kNotStarted = 69;
constexpr int kStuck = 72;
constexpr int kSignalBase = 128; // as shells count
constexpr milliseconds kDonePatience(10'000);

double seconds(milliseconds time) {
  return std::chrono::duration<double>(time).count();
}

void say(const std::string& line) {
  fmt::print(stderr, "lockstep: {}\n", line);
}

} // namespace

std::optional<Supervisor::Outcome> Supervisor::judge(Time now) {
  if (signal_) {
    return Outcome{kSignalBase + *signal_, "", false};
  }
  if (stdout_closed_) {
    return Outcome{kSignalBase + SIGPIPE, "", false};
  }
  if (verdict_.is_open() && !verdict_.is_settled(now) &&
      now >= verdict_.settled_at() - kLastLook) {
    look_for_statuses(now);
  }
  if (verdict_.is_settled(now) || (verdict_.is_open() && all_ended())) {
    const auto& cause = verdict_.cause();
    if (done_code_ != 0 && cause.weight <= Weight::vanished) {
      return Outcome{done_code_, "", false}; // they only lost who went first
    }
    return Outcome{
        cause.exit_code,
        cause.line,
        cause.weight == Weight::ended || cause.weight == Weight::vanished};
  }
  if (verdict_.is_open()) {
    return std::nullopt;
  }
  if (all_ended()) {
    return Outcome{done_code_, "", false};
  }
  return judge_deadlines(now);
}

std::optional<Supervisor::Outcome> Supervisor::judge_start(Time now) const {
  const auto missing = ranks_without_hello();
  if (missing.empty() || now - began_ < options_.start_deadline) {
    return std::nullopt;
  }
  return Outcome{
      kNotStarted,
      fmt::format(
          "{} of {} did not start within {} s; {}",
          ranks_text(missing),
          options_.n_ranks,
          seconds(options_.start_deadline),
          start_advice(missing)),
      true};
}

std::optional<Supervisor::Outcome> Supervisor::judge_joining(Time now) {
  std::vector<int> joining;
  for (const auto& rank : links_) {
    if (rank.welcomed && rank.is_open() && rank.has_turn &&
        rank.status().step == link::Step::join) {
      joining.push_back(rank.hello()->rank);
    }
  }
  if (joining.empty() || !ranks_without_hello().empty()) {
    joining_since_.reset();
    return std::nullopt;
  }
  joining_since_ = joining_since_.value_or(now);
  if (now - *joining_since_ < options_.join_deadline) {
    return std::nullopt;
  }
  std::sort(joining.begin(), joining.end());
  return Outcome{
      kNotStarted,
      fmt::format(
          "{} of {} did not meet the others within {} s{}",
          ranks_text(joining),
          options_.n_ranks,
          seconds(options_.join_deadline),
          options_.hosts.empty()
              ? "; is the machine overloaded?"
              : ", though each reaches this machine; does a firewall stand "
                "between two hosts? lockstep doctor --hosts FILE tries each "
                "pair of them"),
      true};
}

std::optional<Supervisor::Outcome> Supervisor::judge_deadlines(Time now) {
  if (auto outcome = judge_start(now)) {
    return outcome;
  }
  if (auto outcome = judge_joining(now)) {
    return outcome;
  }
  if (!first_done_at_ || now - *first_done_at_ < kDonePatience) {
    return std::nullopt;
  }
  for (const auto& rank : links_) {
    if (rank.welcomed && !rank.goodbye()) {
      return Outcome{
          kStuck,
          fmt::format(
              "rank {} (pid {}, host {}) did not end with the others: it is "
              "still {}, after tick {}",
              rank.hello()->rank,
              rank.hello()->pid,
              rank.hello()->host,
              rank.status().phase,
              rank.status().tick),
          false};
    }
  }
  // All is said and done; a process that lingers is simply ended.
  return Outcome{done_code_, "", false};
}

std::string Supervisor::start_advice(const std::vector<int>& missing) const {
  if (options_.hosts.empty()) {
    return "is the machine overloaded?";
  }
  if (!started_.children.front().keeper &&
      static_cast<int>(missing.size()) == options_.n_ranks) {
    // mpirun starts all or none.
    return "mpirun's daemon on each host must reach this machine; does a "
           "firewall forbid it? lockstep doctor --hosts FILE looks";
  }
  for (const int rank : missing) {
    const auto& host = options_.hosts[static_cast<std::size_t>(rank)];
    const auto said = said_by(rank);
    if (!said.empty()) {
      return fmt::format("{} said: {}", host, last_line(said));
    }
  }
  return fmt::format(
      "is {} up, and can it reach this machine?",
      options_.hosts[static_cast<std::size_t>(missing.front())]);
}

int Supervisor::end(const Outcome& outcome) {
  if (!outcome.line.empty()) {
    say(outcome.line);
  }
  std::vector<ProcessIdentity> ranks;
  for (auto& rank : links_) {
    if (rank.process()) {
      ranks.push_back(*rank.process());
    }
    rank.close(); // a rank that watches its link is gone at once
  }
  for (auto& child : started_.children) {
    if (child.keeper) {
      child.keeper->input.reset(); // it ends its rank, whatever that does
    }
  }
  Ending ending(std::move(ranks), std::chrono::steady_clock::now());
  const int signals_before = n_signals_;
  while (!ending.is_over(started_.children)) {
    const auto now = std::chrono::steady_clock::now();
    if (n_signals_ > signals_before) {
      ending.hurry();
    }
    if (ending.is_hopeless(now)) {
      say(fmt::format(
          "process {} cannot be ended, not even by kill -9",
          ending.left(started_.children)));
      break;
    }
    ending.step(started_.children, now);
    constexpr milliseconds kLookRound(5);
    ::usleep(
        static_cast<useconds_t>(std::chrono::microseconds(kLookRound).count()));
    wait(milliseconds(0));
    collect();
  }
  if (!stdout_closed_) {
    constexpr int kReaderPatienceMs = 2000;
    printer_.finish(kReaderPatienceMs);
  }
  if (outcome.with_remarks) {
    fmt::print(stderr, "{}", chatter_.remarks());
  }
  return outcome.exit_code;
}

} // namespace lockstep::launch
