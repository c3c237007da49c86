#include "world/choose_exchange.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "world/host_rows.h"

namespace lockstep::world {

namespace {

constexpr int kMostRounds = 15;
constexpr double kRoundsUs = 15e3; // of one size, where a round is not longer
/// Decode ticks for each tick with a chunk of a prompt: an answer is as long as
/// its prompt, and chunks are of some dozen tokens.
constexpr double kDecodeTicks = 16.0;
/// By how much another kind must be faster than gather to be worth it; less is
/// within what measurements differ by.
constexpr double kWorth = 0.9;

/// Exchanges of one size, by each kind in turn.
class Trial {
 public:
  Trial(const Group& group, const std::vector<ExchangeKind>& kinds)
      : group_(group), times_(kinds.size()) {
    for (const auto kind : kinds) {
      exchanges_.push_back(make_exchange(kind, group, Purpose::choice));
    }
  }

  /// The median of each kind, in microseconds, on this rank.
  std::vector<double> run(const PacketSize& size) {
    const auto outbox = full_outbox(group_, size);
    round(outbox); // also opens connections
    for (auto& times : times_) {
      times.clear();
    }
    const double round_us = on_slowest(round(outbox));
    const int n_more = static_cast<int>(
        std::clamp(kRoundsUs / round_us, 0.0, double{kMostRounds - 1}));
    for (int i = 0; i < n_more; ++i) {
      round(outbox);
    }
    std::vector<double> medians;
    for (auto& times : times_) {
      const auto middle = times.begin() + static_cast<long>(times.size() / 2);
      std::nth_element(times.begin(), middle, times.end());
      medians.push_back(*middle);
    }
    return medians;
  }

 private:
  /// One exchange of each kind. Returns the microseconds of all.
  double round(const Outbox& outbox) {
    double sum = 0.0;
    for (std::size_t i = 0; i < exchanges_.size(); ++i) {
      const auto start = std::chrono::steady_clock::now();
      exchanges_[i]->swap(outbox);
      times_[i].push_back(std::chrono::duration<double, std::micro>(
                              std::chrono::steady_clock::now() - start)
                              .count());
      sum += times_[i].back();
    }
    return sum;
  }

  double on_slowest(double value) const {
    const auto most = group_.all_max(
        Purpose::choice, mx::array({static_cast<float>(value)}, mx::float32));
    return most.data<float>()[0];
  }

  const Group& group_;
  std::vector<std::unique_ptr<Exchange>> exchanges_;
  std::vector<std::vector<double>> times_; // by kind
};

double cost_of(const ExchangeTiming& timing) {
  return kDecodeTicks * timing.decode_us + timing.prompt_us;
}

std::size_t place_of_best(const std::vector<ExchangeTiming>& timings) {
  std::size_t best = 0;
  double least = kWorth * cost_of(timings[0]);
  for (std::size_t i = 1; i < timings.size(); ++i) {
    if (cost_of(timings[i]) < least) {
      best = i;
      least = cost_of(timings[i]);
    }
  }
  return best;
}

} // namespace

Outbox full_outbox(const Group& group, const PacketSize& size) {
  Outbox outbox;
  outbox.size = size;
  outbox.rows_on = group.is_last() ? 0 : size.rows;
  outbox.rows_due = group.is_first() ? 0 : size.rows;
  if (outbox.rows_on > 0) {
    auto hidden = host_room({size.rows, size.hidden}, size.dtype);
    copy_bits(std::nullopt, bits_of(hidden));
    outbox.hidden = std::move(hidden);
  }
  return outbox;
}

std::vector<ExchangeTiming> time_exchanges(
    const Group& group, const TypicalSizes& sizes) {
  std::vector<ExchangeKind> kinds;
  for (const auto kind :
       {ExchangeKind::gather, ExchangeKind::sum, ExchangeKind::shift}) {
    if (can_carry(group.backend(), kind)) {
      kinds.push_back(kind);
    }
  }
  Trial trial(group, kinds);
  std::vector<float> own;
  for (const auto& size : {sizes.decode, sizes.prompt}) {
    for (const double us : trial.run(size)) {
      own.push_back(static_cast<float>(us));
    }
  }
  const auto n = static_cast<int>(own.size());
  const auto slowest =
      group.all_max(Purpose::choice, mx::array(own.data(), {n}, mx::float32));
  std::vector<ExchangeTiming> timings;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const auto* at = slowest.data<float>() + i;
    timings.push_back({kinds[i], at[0], at[kinds.size()]});
  }
  return timings;
}

ExchangeKind best_of(const std::vector<ExchangeTiming>& timings) {
  return timings[place_of_best(timings)].kind;
}

ExchangeKind choose_exchange(const Group& group, const TypicalSizes& sizes) {
  if (group.size() == 1) {
    return ExchangeKind::gather;
  }
  const auto timings = time_exchanges(group, sizes);
  // The numbers are the same everywhere, and yet one rank alone decides.
  const int own =
      group.is_first() ? static_cast<int>(place_of_best(timings)) : 0;
  const auto all = group.all_max(Purpose::choice, mx::array({own}, mx::int32));
  const int chosen = all.data<std::int32_t>()[0];
  if (chosen < 0 || chosen >= static_cast<int>(timings.size())) {
    fail(
        ErrorKind::diverged,
        "rank 0 chose exchange {}, expected one of {}",
        chosen,
        timings.size());
  }
  return timings[static_cast<std::size_t>(chosen)].kind;
}

} // namespace lockstep::world
