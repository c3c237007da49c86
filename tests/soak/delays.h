#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <thread>

namespace lockstep::testing {

/// Makes one rank late, at random ticks, by random times: short ones often, a
/// long one now and then, and for some time in every thousand ticks one rank
/// nearly always.
class Delays {
 public:
  Delays(std::uint32_t seed, int rank, int n_ranks)
      : random_(seed * 64 + static_cast<std::uint32_t>(rank)),
        rank_(static_cast<std::uint64_t>(rank)),
        n_ranks_(static_cast<std::uint64_t>(n_ranks)) {}

  void wait(std::uint64_t tick) {
    const bool is_slow = tick % 1000 < 100 && tick / 1000 % n_ranks_ == rank_;
    const auto draw = random_() % 1024;
    if (draw == 0) {
      sleep(20'000);
    } else if (draw < (is_slow ? 900U : 64U)) {
      sleep(1 + random_() % 1000);
    }
  }

 private:
  static void sleep(std::uint32_t microseconds) {
    std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
  }

  std::mt19937 random_;
  std::uint64_t rank_;
  std::uint64_t n_ranks_;
};

} // namespace lockstep::testing
