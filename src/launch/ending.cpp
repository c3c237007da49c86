#include "launch/ending.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <signal.h>

namespace lockstep::launch {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRankPatience(500);
// mpirun kills its ranks itself and then clears up.
constexpr milliseconds kMpirunPatience(900);
// A keeper ends its rank itself, as we would, and ssh with it.
constexpr milliseconds kKeeperPatience(700);
constexpr milliseconds kKillPatience(7000);

} // namespace

Ending::Ending(std::vector<ProcessIdentity> ranks, Time now)
    : ranks_(std::move(ranks)), began_(now) {
}

void Ending::step(const std::vector<Child>& children, Time now) {
  const auto passed = now - began_;
  const auto signal_for = [&](milliseconds patience) {
    const bool kill = hurried_ || passed >= patience;
    return kill ? SIGKILL : (asked_ ? 0 : SIGTERM);
  };
  for (const auto& child : children) {
    if (child.status) {
      continue;
    }
    if (child.keeper && passed < kKeeperPatience && !hurried_) {
      continue;
    }
    // A rank may have started helpers: its whole group ends. mpirun's group
    // is mpirun.
    const int signal = signal_for(
        child.keeper ? kKeeperPatience
        : child.rank ? kRankPatience
                     : kMpirunPatience);
    if (signal != 0) {
      ::kill(-child.pid, signal);
    }
  }
  const int signal = signal_for(kRankPatience);
  for (const auto& rank : ranks_) {
    if (signal != 0 && is_alive(rank)) {
      ::kill(rank.pid, signal);
    }
  }
  asked_ = true;
}

bool Ending::is_over(const std::vector<Child>& children) const {
  return std::all_of(
             children.begin(),
             children.end(),
             [](const Child& child) { return child.status.has_value(); }) &&
         std::none_of(ranks_.begin(), ranks_.end(), is_alive);
}

bool Ending::is_hopeless(Time now) const {
  return now - began_ >= kKillPatience;
}

std::string Ending::left(const std::vector<Child>& children) const {
  std::vector<pid_t> pids;
  for (const auto& child : children) {
    if (!child.status) {
      pids.push_back(child.pid);
    }
  }
  for (const auto& rank : ranks_) {
    if (is_alive(rank)) {
      pids.push_back(rank.pid);
    }
  }
  return fmt::format("{}", fmt::join(pids, ", "));
}

} // namespace lockstep::launch
