#include "launch/supervisor.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch/lines.h"

namespace lockstep::launch {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kSpareLinks = 16;

} // namespace

Supervisor::Supervisor(
    const SupervisorOptions& options,
    link::Listener& listener,
    Signals& signals,
    Started started)
    : options_(options),
      listener_(listener),
      signals_(signals),
      started_(std::move(started)),
      nothing_(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
      began_(std::chrono::steady_clock::now()) {
}

int Supervisor::run() {
  while (true) {
    wait(patience(std::chrono::steady_clock::now()));
    const auto now = std::chrono::steady_clock::now();
    accept_ranks();
    hear_ranks(now);
    reap(now);
    give_turns(now);
    if (const auto outcome = judge(now)) {
      return end(*outcome);
    }
  }
}

void Supervisor::wait(milliseconds patience) {
  std::vector<pollfd> waiting{
      {signals_.fd(), POLLIN, 0},
      {STDOUT_FILENO, 0, 0},
      {listener_.fd(), POLLIN, 0}};
  if (started_.chatter) {
    waiting.push_back({started_.chatter.get(), POLLIN, 0});
  }
  for (const auto& rank : links_) {
    if (rank.is_open()) {
      waiting.push_back({rank.fd(), POLLIN, 0});
    }
  }
  ::poll(
      waiting.data(),
      static_cast<nfds_t>(waiting.size()),
      static_cast<int>(patience.count()));
  stdout_closed_ = (waiting[1].revents & (POLLERR | POLLHUP)) != 0;
  for (const int signal : signals_.take()) {
    if (signal != SIGCHLD) {
      ++n_signals_;
      signal_ = signal_.value_or(signal);
    }
  }
  hear_mpirun();
}

milliseconds Supervisor::patience(Time now) const {
  constexpr milliseconds kLongest(500);
  // While the last rank of a ring is held back its moment is looked for.
  constexpr milliseconds kHolding(2);
  if (last_rank_held_) {
    return kHolding;
  }
  if (!verdict_.is_open()) {
    return kLongest;
  }
  const auto looking = verdict_.settled_at() - kLastLook;
  return std::clamp(
      std::chrono::ceil<milliseconds>(
          (now < looking ? looking : verdict_.settled_at()) - now),
      milliseconds(0),
      kLongest);
}

void Supervisor::accept_ranks() {
  const auto most = static_cast<std::size_t>(options_.n_ranks) + kSpareLinks;
  while (auto socket = listener_.accept()) {
    // More than there are ranks is somebody's mistake, not ours to keep.
    if (links_.size() < most) {
      links_.emplace_back(std::move(socket));
    }
  }
}

void Supervisor::hear_ranks(Time now) {
  for (auto& rank : links_) {
    if (!rank.is_open()) {
      continue;
    }
    const bool had_goodbye = rank.goodbye().has_value();
    rank.hear();
    if (rank.hello() && !rank.welcomed) {
      welcome(rank);
    }
    const bool says_goodbye = rank.goodbye() && !had_goodbye;
    const bool vanishes = !rank.is_open() && rank.welcomed && !rank.goodbye();
    if (says_goodbye || vanishes) {
      book_end(rank, now);
    }
  }
}

void Supervisor::welcome(RankLink& rank) {
  const auto& hello = *rank.hello();
  const bool fits = hello.rank >= 0 && hello.rank < options_.n_ranks &&
                    hello.size == options_.n_ranks;
  const auto same =
      std::count_if(links_.begin(), links_.end(), [&](const RankLink& other) {
        return other.welcomed && other.hello()->rank == hello.rank;
      });
  if (!fits || same > 0) {
    rank.close();
    return;
  }
  rank.welcomed = true;
  if (started_.sends_descriptors) {
    const std::array<int, 3> descriptors{
        hello.rank == 0 && options_.rank0_stdin >= 0 ? options_.rank0_stdin
                                                     : nothing_.get(),
        STDOUT_FILENO,
        STDERR_FILENO};
    rank.send(link::Welcome{true}, descriptors);
  } else {
    rank.send(link::Welcome{false});
  }
}

void Supervisor::hear_mpirun() {
  std::array<char, 4096> buffer{};
  while (started_.chatter) {
    const auto n = ::read(started_.chatter.get(), buffer.data(), buffer.size());
    if (n < 0) {
      return;
    }
    if (n == 0) {
      started_.chatter.reset();
    }
    chatter_.add({buffer.data(), static_cast<std::size_t>(n)});
  }
}

std::vector<const Child*> Supervisor::collect() {
  std::vector<const Child*> ended;
  for (auto& child : started_.children) {
    int status = 0;
    if (!child.status && ::waitpid(child.pid, &status, WNOHANG) == child.pid) {
      child.status = status;
      ended.push_back(&child);
    }
  }
  return ended;
}

void Supervisor::reap(Time now) {
  const auto ended = collect();
  if (ended.empty()) {
    return;
  }
  // What they said counts before how they ended, and it is all here now.
  accept_ranks();
  hear_ranks(now);
  hear_mpirun();
  for (const auto* child : ended) {
    if (child->rank) {
      book_rank(*child->rank, RankEnd::from_status(*child->status), now);
    } else {
      book_mpirun(*child, now);
    }
  }
}

void Supervisor::give_turns(Time now) {
  const int last = options_.n_ranks - 1;
  last_rank_held_ = false;
  for (auto& rank : links_) {
    if (!rank.welcomed || !rank.is_ready() || rank.has_turn) {
      continue;
    }
    const int number = rank.hello()->rank;
    const bool in_ring = !started_.ring_ports.empty();
    if (in_ring && number == last && !others_listen(now)) {
      last_rank_held_ = true;
      continue;
    }
    if (in_ring) {
      started_.ring_ports[static_cast<std::size_t>(number)].release();
    }
    rank.has_turn = true;
    rank.send(link::Turn{});
  }
}

// MLX's last rank connects before it listens, all others listen first; who
// connects too early sleeps a second.
bool Supervisor::others_listen(Time now) {
  for (int other = 0; other + 1 < options_.n_ranks; ++other) {
    const auto* rank = find(other);
    if (rank == nullptr || !rank->has_turn) {
      others_ready_at_ = now;
      return false;
    }
  }
  bool known = true;
  for (int other = 0; other + 1 < options_.n_ranks; ++other) {
    const auto& port = started_.ring_ports[static_cast<std::size_t>(other)];
    const auto listening = is_listening(port.number());
    if (listening && !*listening) {
      constexpr milliseconds kLongest(1000);
      return now - others_ready_at_ >= kLongest;
    }
    known = known && listening.has_value();
  }
  constexpr milliseconds kTypical(50);
  return known || now - others_ready_at_ >= kTypical;
}

const RankLink* Supervisor::find(int rank) const {
  const auto found =
      std::find_if(links_.begin(), links_.end(), [&](const RankLink& link) {
        return link.welcomed && link.hello()->rank == rank;
      });
  return found == links_.end() ? nullptr : &*found;
}

std::vector<int> Supervisor::ranks_without_hello() const {
  std::vector<int> ranks;
  for (int rank = 0; rank < options_.n_ranks; ++rank) {
    if (find(rank) == nullptr) {
      ranks.push_back(rank);
    }
  }
  return ranks;
}

bool Supervisor::all_ended() const {
  return std::all_of(
      started_.children.begin(),
      started_.children.end(),
      [](const Child& child) { return child.status.has_value(); });
}

} // namespace lockstep::launch
