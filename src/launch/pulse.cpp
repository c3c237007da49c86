#include "launch/pulse.h"

#include <algorithm>

#include <fmt/format.h>

#include "launch/lines.h"

namespace lockstep::launch {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBeat(300);
constexpr milliseconds kMostSilence(1800);
// We ourselves were stopped, so nothing could be heard.
constexpr milliseconds kOwnPause(1000);
constexpr milliseconds kLeastStandstill(10'000);
constexpr int kTimesLongest = 20;

constexpr int kPeerLost = 71;
constexpr int kStuck = 72;

bool is_watched(const RankLink& rank) {
  return rank.welcomed && rank.is_open() && !rank.goodbye();
}

double seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

} // namespace

void Pulse::beat(std::vector<RankLink>& links, Time now) {
  if (now - last_beat_ < kBeat) {
    return;
  }
  last_beat_ = now;
  for (auto& rank : links) {
    // One that does not read gets no pile of questions.
    if (is_watched(rank) && !rank.has_unsent()) {
      rank.send(link::Ping{rank.is_remote()});
    }
  }
}

std::optional<Failure> Pulse::look(std::vector<RankLink>& links, Time now) {
  if (now - last_look_ > kOwnPause) {
    for (auto& rank : links) {
      rank.excuse(now);
    }
    moved_at_ = now;
  }
  last_look_ = now;
  if (auto silent = look_for_silence(links, now)) {
    return silent;
  }
  return look_for_standstill(links, now);
}

std::optional<Failure> Pulse::look_for_silence(
    const std::vector<RankLink>& links, Time now) const {
  for (const auto& rank : links) {
    if (is_watched(rank) && now - rank.last_heard() > kMostSilence) {
      return Failure{
          Weight::told,
          kPeerLost,
          lost_line(
              rank,
              fmt::format(
                  "no sign of life for {:.1f} s",
                  seconds(now - rank.last_heard())),
              n_ranks_)};
    }
  }
  return std::nullopt;
}

std::optional<Failure> Pulse::look_for_standstill(
    const std::vector<RankLink>& links, Time now) {
  Places places;
  bool all_exchange = true;
  const RankLink* any = nullptr;
  for (const auto& rank : links) {
    if (is_watched(rank)) {
      places[rank.hello()->rank] = {rank.status().tick, rank.status().step};
      all_exchange = all_exchange && rank.status().step == link::Step::exchange;
      any = &rank;
    }
  }
  if (places != places_ || any == nullptr || !all_exchange) {
    if (places != places_ && !places_.empty()) {
      longest_ = std::max(longest_, now - moved_at_);
    }
    places_ = std::move(places);
    moved_at_ = now;
    return std::nullopt;
  }
  const auto limit = std::max<std::chrono::steady_clock::duration>(
      kLeastStandstill, kTimesLongest * longest_);
  if (now - moved_at_ <= limit) {
    return std::nullopt;
  }
  return Failure{
      Weight::told,
      kStuck,
      fmt::format(
          "all ranks have waited in the exchange of tick {} for {:.0f} s; is "
          "the network between the hosts cut or blocked by a firewall?",
          any->status().tick,
          seconds(now - moved_at_))};
}

} // namespace lockstep::launch
