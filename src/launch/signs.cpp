// What a rank's or a process's end is a sign of.
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>

#include "launch/lines.h"
#include "launch/supervisor.h"

namespace lockstep::launch {

namespace {

constexpr int kPeerLost = 71;
constexpr int kNotStarted = 69;
constexpr int kInternal = 70;

int exit_code_of(const link::Goodbye& goodbye) {
  constexpr int kMost = 255;
  const bool good = goodbye.code >= 0 && goodbye.code <= kMost &&
                    (goodbye.code > 0 || goodbye.text.empty());
  return good ? goodbye.code : kInternal;
}

} // namespace

void Supervisor::book_end(const RankLink& rank, Time now) {
  const auto& goodbye = rank.goodbye();
  if (!goodbye) {
    verdict_.add(
        {Weight::vanished,
         kPeerLost,
         lost_line(rank, "ended without a word", options_.n_ranks)},
        now);
    return;
  }
  const int code = exit_code_of(*goodbye);
  if (goodbye->text.empty()) {
    first_done_at_ = first_done_at_.value_or(now);
    done_code_ = done_code_ == 0 ? code : done_code_;
    return;
  }
  const auto name = rank.welcomed && options_.n_ranks > 1
                        ? fmt::format("rank {}: ", rank.hello()->rank)
                        : "";
  const bool named = goodbye->text.starts_with(name);
  verdict_.add(
      {code == kPeerLost ? Weight::echo : Weight::told,
       code,
       (named ? "" : name) + goodbye->text},
      now);
}

void Supervisor::book_child(const Child& child, Time now) {
  const int status = *child.status;
  const auto* rank = find(*child.rank);
  const auto weight = WIFSIGNALED(status) && WTERMSIG(status) != SIGABRT
                          ? Weight::killed
                          : Weight::ended;
  if (rank == nullptr) {
    // Its own message, if any, is on our stderr already.
    verdict_.add(
        {weight, kNotStarted, not_started_line(child, how_it_ended(status))},
        now);
    return;
  }
  const auto& goodbye = rank->goodbye();
  if (goodbye && (goodbye->code != 0 || status == 0)) {
    return;
  }
  const bool mute = !goodbye && !WIFSIGNALED(status);
  const auto how = how_it_ended(status) + (mute ? " without a word" : "");
  verdict_.add(
      {weight, kPeerLost, lost_line(*rank, how, options_.n_ranks)}, now);
}

void Supervisor::book_mpirun(const Child& child, Time now) {
  const int status = *child.status;
  if (const auto ended = chatter_.end()) {
    const auto* rank = find(ended->rank);
    if (rank != nullptr && rank->goodbye() && rank->goodbye()->code != 0) {
      return; // it said so itself
    }
    if (rank != nullptr) {
      const auto how = ended->signal
                           ? fmt::format("killed by signal {}", *ended->signal)
                           : fmt::format(
                                 "ended with exit code {} without a word",
                                 *ended->exit_code);
      const auto weight = ended->signal && *ended->signal != SIGABRT
                              ? Weight::killed
                              : Weight::ended;
      verdict_.add(
          {weight, kPeerLost, lost_line(*rank, how, options_.n_ranks)}, now);
      return;
    }
  }
  if (const auto missing = ranks_without_hello(); !missing.empty()) {
    verdict_.add(
        {Weight::ended,
         kNotStarted,
         fmt::format(
             "{} did not start: mpirun {}",
             ranks_text(missing),
             how_it_ended(status))},
        now);
  } else if (status != 0 && done_code_ == 0) {
    verdict_.add(
        {Weight::ended,
         kPeerLost,
         fmt::format(
             "mpirun (pid {}) {} before its ranks did",
             child.pid,
             how_it_ended(status))},
        now);
  }
}

} // namespace lockstep::launch
