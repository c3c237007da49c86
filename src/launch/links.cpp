// How ranks come in and are heard.
#include <algorithm>
#include <array>
#include <utility>

#include <unistd.h>

#include "launch/supervisor.h"

namespace lockstep::launch {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kSpareLinks = 16;
constexpr milliseconds kMostShyness(10'000); // from connecting to hello

} // namespace

void Supervisor::accept_ranks() {
  const auto most = static_cast<std::size_t>(options_.n_ranks) + kSpareLinks;
  const auto is_gone = [](const RankLink& rank) {
    return !rank.is_open() && !rank.hello();
  };
  while (auto rank = doors_.accept()) {
    links_.erase(
        std::remove_if(links_.begin(), links_.end(), is_gone), links_.end());
    // More than there are ranks is somebody's mistake, not ours to keep.
    if (links_.size() < most) {
      links_.push_back(std::move(*rank));
    }
  }
}

void Supervisor::hear_ranks(Time now) {
  for (auto& rank : links_) {
    if (!rank.is_open()) {
      continue;
    }
    const bool had_goodbye = rank.goodbye().has_value();
    rank.flush();
    if (listens_to(rank)) {
      rank.hear(now);
    } else {
      rank.excuse(now);
    }
    if (rank.hello() && !rank.welcomed) {
      welcome(rank);
    } else if (!rank.hello() && now - rank.last_heard() > kMostShyness) {
      rank.close();
    }
    for (const auto& output : rank.take_output()) {
      printer_.add(rank.hello()->rank, rank.hello()->host, output);
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
  if (started_.streams == link::Streams::descriptors && !rank.is_remote()) {
    const std::array<int, 3> descriptors{
        hello.rank == 0 && options_.rank0_stdin >= 0 ? options_.rank0_stdin
                                                     : nothing_.get(),
        STDOUT_FILENO,
        STDERR_FILENO};
    rank.send(link::Welcome{link::Streams::descriptors}, descriptors);
    return;
  }
  rank.send(link::Welcome{started_.streams});
  if (started_.streams == link::Streams::forwarded) {
    send_input(rank);
  }
}

void Supervisor::send_input(RankLink& rank) {
  std::string_view left;
  if (rank.hello()->rank == 0) {
    left = options_.rank0_text;
  }
  do {
    const auto piece = left.substr(0, link::kMostPiece);
    left.remove_prefix(piece.size());
    rank.send(link::Input{std::string(piece), left.empty()});
  } while (!left.empty());
}

// Who reads our output decides how fast ranks may write.
bool Supervisor::listens_to(const RankLink& rank) const {
  return !rank.is_remote() || !printer_.is_full();
}

} // namespace lockstep::launch
