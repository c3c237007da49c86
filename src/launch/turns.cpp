// In which order ranks form their group.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "launch/process.h"
#include "launch/supervisor.h"

namespace lockstep::launch {

namespace {

using std::chrono::milliseconds;

} // namespace

void Supervisor::give_turns(Time now) {
  if (!started_.seat_ips.empty()) {
    give_turns_of_hosts(now);
    return;
  }
  const int last = options_.n_ranks - 1;
  last_rank_held_ = false;
  for (auto& rank : links_) {
    if (!rank.welcomed || !rank.ready() || rank.has_turn) {
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

// Only when all have their ports is known where each is.
void Supervisor::give_turns_of_hosts(Time now) {
  auto hosts = nlohmann::json::array();
  for (int rank = 0; rank < options_.n_ranks; ++rank) {
    const auto* link = find(rank);
    if (link == nullptr || !link->ready()) {
      others_ready_at_ = now;
      return;
    }
    hosts.push_back({fmt::format(
        "{}:{}",
        started_.seat_ips[static_cast<std::size_t>(rank)],
        link->ready()->port)});
  }
  const bool in_ring = started_.seat_backend == Backend::ring;
  const auto where =
      in_ring ? hosts.dump() : hosts.front().front().get<std::string>();
  constexpr milliseconds kTypical(150);
  const bool others_listen = now - others_ready_at_ >= kTypical;
  last_rank_held_ = false;
  for (auto& rank : links_) {
    if (!rank.welcomed || rank.has_turn) {
      continue;
    }
    // Who connects waits until the others listen: of a ring the last rank, else
    // all but rank 0.
    const int number = rank.hello()->rank;
    const bool connects = in_ring ? number == options_.n_ranks - 1 : number > 0;
    if (connects && !others_listen) {
      last_rank_held_ = true;
      continue;
    }
    rank.has_turn = true;
    rank.send(link::Turn{where});
  }
}

} // namespace lockstep::launch
