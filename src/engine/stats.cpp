#include "engine/stats.h"

#include <algorithm>
#include <cstddef>

namespace lockstep::engine {

TickStats::TickStats(int n_ranks)
    : compute_ms_(static_cast<std::size_t>(n_ranks), 0.0) {
}

void TickStats::record(
    std::chrono::nanoseconds wall,
    const std::vector<int>& compute_us,
    std::int64_t packet_bytes,
    bool is_decode) {
  const int slowest = *std::max_element(compute_us.begin(), compute_us.end());
  if (slowest == 0) {
    return;
  }
  const double wall_ms =
      std::chrono::duration<double, std::milli>(wall).count();
  wall_ms_ += wall_ms;
  exchange_bytes_ += packet_bytes;
  for (std::size_t rank = 0; rank < compute_ms_.size(); ++rank) {
    compute_ms_[rank] += compute_us[rank] / 1e3;
  }
  if (is_decode) {
    ++n_decode_;
    decode_wall_ms_ += wall_ms;
    decode_exchange_ms_ += wall_ms - slowest / 1e3;
  }
}

double TickStats::tick_ms() const {
  return n_decode_ == 0 ? 0.0
                        : decode_wall_ms_ / static_cast<double>(n_decode_);
}

double TickStats::exchange_ms() const {
  return n_decode_ == 0 ? 0.0
                        : decode_exchange_ms_ / static_cast<double>(n_decode_);
}

double TickStats::busy(int rank) const {
  return wall_ms_ == 0.0
             ? 0.0
             : compute_ms_[static_cast<std::size_t>(rank)] / wall_ms_;
}

} // namespace lockstep::engine
