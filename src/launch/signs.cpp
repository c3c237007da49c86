// What a rank's or a process's end is a sign of.
#include <algorithm>

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
constexpr char kWayLost[] = "the ssh connection to its host was lost";

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
    first_vanished_ = first_vanished_.value_or(rank.hello()->rank);
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

void Supervisor::book_rank(int number, const RankEnd& end, Time now) {
  const auto weight =
      end.signal && *end.signal != SIGABRT ? Weight::killed : Weight::ended;
  const auto how = end.text();
  const auto* rank = find(number);
  if (rank == nullptr) {
    // Its own message, if any, is shown already or is among the remarks.
    // On a host it is in the line.
    const auto told = options_.hosts.empty() ? weight : Weight::told;
    verdict_.add({told, kNotStarted, start_line(number, end)}, now);
    return;
  }
  const auto& goodbye = rank->goodbye();
  if (goodbye && (goodbye->code != 0 || end.is_good())) {
    return; // it said so itself
  }
  const bool mute = !goodbye && !end.signal;
  verdict_.add(
      {weight,
       kPeerLost,
       lost_line(
           *rank, mute ? how + " without a word" : how, options_.n_ranks)},
      now);
}

std::string Supervisor::start_line(int rank, const RankEnd& end) const {
  if (options_.hosts.empty()) {
    return not_started_line(rank, end.text());
  }
  return start_line(rank, end, said_by(rank));
}

std::string Supervisor::start_line(
    int rank, const RankEnd& end, const std::string& said) const {
  const auto i = static_cast<std::size_t>(rank);
  return not_started_on_line(
      rank, options_.hosts[i], options_.programs[i], end, said);
}

std::string Supervisor::said_by(int rank) const {
  const auto* keeper = keeper_of(rank);
  return keeper != nullptr ? keeper->said : chatter_.said_by(rank);
}

// mpirun does not always tell which rank ended before its hello.
std::optional<int> Supervisor::rank_that_spoke() const {
  for (const int rank : ranks_without_hello()) {
    if (!options_.hosts.empty() && !chatter_.said_by(rank).empty()) {
      return rank;
    }
  }
  return std::nullopt;
}

// Its way to a host was cut, or never was.
std::optional<Failure> Supervisor::way_failure() const {
  const auto way = chatter_.way_end();
  const auto rank = way ? rank_on(way->host) : std::nullopt;
  if (!rank || !way->is_lost()) {
    return std::nullopt;
  }
  if (const auto* link = find(*rank)) {
    return Failure{
        Weight::told, kPeerLost, lost_line(*link, kWayLost, options_.n_ranks)};
  }
  const RankEnd end{std::nullopt, way->exit_code};
  return Failure{Weight::told, kNotStarted, start_line(*rank, end, way->said)};
}

// What mpirun itself needs on a host did not run there.
std::optional<Failure> Supervisor::daemon_failure() const {
  const auto way = chatter_.way_end();
  const auto rank = way ? rank_on(way->host) : std::nullopt;
  if (!rank || way->exit_code == 0 || find(*rank) != nullptr) {
    return std::nullopt;
  }
  return Failure{
      Weight::told, kNotStarted, no_daemon_line(*rank, way->host, way->said)};
}

// What a keeper's end says of its rank: it ends as a shell would.
void Supervisor::book_keeper(const Child& child, Time now) {
  const auto own = RankEnd::from_status(*child.status);
  constexpr int kSshFailed = 255;
  if (own.signal || own.exit_code == kSshFailed) {
    const auto* rank = find(*child.rank);
    if (rank != nullptr && !rank->goodbye()) {
      verdict_.add(
          {Weight::ended,
           kPeerLost,
           lost_line(*rank, kWayLost, options_.n_ranks)},
          now);
      return;
    }
  }
  book_rank(*child.rank, RankEnd::from_shell(own.exit_code), now);
}

const KeeperLine* Supervisor::keeper_of(int rank) const {
  for (const auto& child : started_.children) {
    if (child.rank == rank && child.keeper) {
      return &*child.keeper;
    }
  }
  return nullptr;
}

std::optional<int> Supervisor::rank_on(const std::string& host) const {
  const auto& hosts = options_.hosts;
  const auto found = std::find(hosts.begin(), hosts.end(), host);
  return found == hosts.end()
             ? std::nullopt
             : std::optional(static_cast<int>(found - hosts.begin()));
}

// mpirun gets stuck when a rank dies while it joins, and says nothing of it;
// then the rank's status lies there unasked, or its shell has told. SIGTERM is
// how mpirun ends others.
void Supervisor::look_for_statuses(Time now) {
  if (const auto told = chatter_.end(options_.n_ranks)) {
    book_rank(told->rank, told->how, now);
  }
  for (const auto& rank : links_) {
    if (rank.process() && !rank.is_open() && !rank.goodbye()) {
      const auto status = unasked_status(rank.process()->pid);
      if (status && !(WIFSIGNALED(*status) && WTERMSIG(*status) == SIGTERM)) {
        book_rank(rank.hello()->rank, RankEnd::from_status(*status), now);
      }
    }
  }
}

// mpirun's exit code is that of the rank that ended first, or 128 and its
// signal; which rank it was it mostly says in words.
void Supervisor::book_mpirun(const Child& child, Time now) {
  const auto own = RankEnd::from_status(*child.status);
  if (const auto told = chatter_.end(options_.n_ranks)) {
    book_rank(told->rank, told->how, now);
  } else if (own.signal) {
    verdict_.add(
        {Weight::killed,
         kPeerLost,
         fmt::format("mpirun (pid {}) was {}", child.pid, own.text())},
        now);
  } else if (auto lost = way_failure()) {
    verdict_.add(std::move(*lost), now);
  } else if (const auto rank = rank_that_spoke()) {
    verdict_.add({Weight::told, kNotStarted, start_line(*rank, own)}, now);
  } else if (auto missing_daemon = daemon_failure()) {
    verdict_.add(std::move(*missing_daemon), now);
  } else if (const auto missing = ranks_without_hello(); !missing.empty()) {
    const auto end = RankEnd::from_shell(own.exit_code);
    verdict_.add(
        {Weight::ended,
         kNotStarted,
         fmt::format(
             "{} did not start: {} {}",
             ranks_text(missing),
             end.signal ? "one was" : "mpirun",
             end.text())},
        now);
  } else if (first_vanished_) {
    book_rank(*first_vanished_, RankEnd::from_shell(own.exit_code), now);
  } else if (!own.is_good() && done_code_ == 0) {
    verdict_.add(
        {Weight::ended,
         kPeerLost,
         fmt::format(
             "a rank was lost: {} when all were done",
             RankEnd::from_shell(own.exit_code).text())},
        now);
  }
}

} // namespace lockstep::launch
