#include "world/exchange_in_turns.h"

#include <algorithm>
#include <chrono>

#include "world/choose_exchange.h"

namespace lockstep::world {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTicks = 60;

double us_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start)
      .count();
}

} // namespace

double time_exchange_in_turns(
    const Group& group,
    ExchangeKind kind,
    const PacketSize& size,
    const std::function<void()>& work) {
  const auto exchange = make_exchange(kind, group, Purpose::choice);
  auto outbox = full_outbox(group, size);
  const int rounds = std::max(2, kTicks / group.size());
  double sum_us = 0.0;
  int n_ticks = 0;
  for (int round = 0; round <= rounds; ++round) {
    for (int turn = 0; turn < group.size(); ++turn) {
      const bool is_own = turn == group.rank();
      const auto start = Clock::now();
      if (is_own) {
        work();
      }
      outbox.compute_us = is_own ? static_cast<int>(us_since(start)) : 0;
      const auto inbox = exchange->swap(outbox);
      const double tick_us = us_since(start);
      if (round > 0) { // the first opens connections
        const auto slowest =
            std::max_element(inbox.compute_us.begin(), inbox.compute_us.end());
        sum_us += std::max(0.0, tick_us - *slowest);
        ++n_ticks;
      }
    }
  }
  const auto mean = static_cast<float>(sum_us / n_ticks);
  const auto known = group.all_max(
      Purpose::choice,
      mx::array({group.is_first() ? mean : 0.0F}, mx::float32));
  return known.data<float>()[0];
}

} // namespace lockstep::world
