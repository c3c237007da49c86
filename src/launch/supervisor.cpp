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

constexpr milliseconds kKeepAlive(1000);
constexpr std::size_t kMostSaid = 8 << 10;

// Adds what waits to `bytes`; true at the end of the stream.
bool read_all(const link::Descriptor& from, std::string& bytes) {
  std::array<char, 4096> buffer{};
  while (from) {
    const auto n = ::read(from.get(), buffer.data(), buffer.size());
    if (n <= 0) {
      return n == 0;
    }
    bytes.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return false;
}

} // namespace

Supervisor::Supervisor(
    const SupervisorOptions& options,
    Doors& doors,
    Signals& signals,
    Started started)
    : options_(options),
      doors_(doors),
      signals_(signals),
      started_(std::move(started)),
      nothing_(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
      pulse_(options.n_ranks),
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
    keep_alive(now);
    printer_.flush();
    if (auto failure = pulse_.look(links_, now)) {
      verdict_.add(std::move(*failure), now);
    }
    if (const auto outcome = judge(now)) {
      return end(*outcome);
    }
  }
}

void Supervisor::wait(milliseconds patience) {
  const auto if_any = [](bool any) {
    return static_cast<short>(any ? POLLOUT : 0);
  };
  std::vector<pollfd> waiting{
      {signals_.fd(), POLLIN, 0},
      {STDOUT_FILENO, if_any(printer_.has_unwritten(1)), 0}};
  if (printer_.has_unwritten(2)) {
    waiting.push_back({STDERR_FILENO, POLLOUT, 0});
  }
  for (const int fd : doors_.fds()) {
    waiting.push_back({fd, POLLIN, 0});
  }
  if (started_.chatter) {
    waiting.push_back({started_.chatter.get(), POLLIN, 0});
  }
  for (const auto& child : started_.children) {
    if (child.keeper && child.keeper->chatter) {
      waiting.push_back({child.keeper->chatter.get(), POLLIN, 0});
    }
  }
  for (const auto& rank : links_) {
    if (rank.is_open() && listens_to(rank)) {
      const auto sends = if_any(rank.has_unsent());
      waiting.push_back({rank.fd(), static_cast<short>(POLLIN | sends), 0});
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
  hear_chatter();
}

milliseconds Supervisor::patience(Time now) const {
  constexpr milliseconds kLongest(200);
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

void Supervisor::hear_chatter() {
  std::string bytes;
  if (read_all(started_.chatter, bytes)) {
    started_.chatter.reset();
  }
  chatter_.add(bytes);
  for (auto& child : started_.children) {
    if (child.keeper) {
      auto& said = child.keeper->said;
      if (read_all(child.keeper->chatter, said)) {
        child.keeper->chatter.reset();
      }
      said.resize(std::min(said.size(), kMostSaid));
    }
  }
}

// A keeper whose line is cut hears nothing of it but our silence.
void Supervisor::keep_alive(Time now) {
  pulse_.beat(links_, now);
  if (now - last_keep_alive_ < kKeepAlive) {
    return;
  }
  last_keep_alive_ = now;
  for (const auto& child : started_.children) {
    if (child.keeper && child.keeper->input) {
      // What is not taken is not missed: only silence is heard.
      [[maybe_unused]] const auto n =
          ::write(child.keeper->input.get(), "\n", 1);
    }
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
  hear_chatter();
  for (const auto* child : ended) {
    if (child->keeper) {
      book_keeper(*child, now);
    } else if (child->rank) {
      book_rank(*child->rank, RankEnd::from_status(*child->status), now);
    } else {
      book_mpirun(*child, now);
    }
  }
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
