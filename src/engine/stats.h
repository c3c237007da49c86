#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "sched/batch.h"

namespace lockstep::engine {

/// What one rank is and holds; every rank tells rank 0 at the end of a run.
struct RankReport {
  int rank = 0;
  std::string host;
  std::string device;
  std::string kernels; // instruction set and kind, or "mlx"
  int threads = 0;     // 0 = as many as MLX takes
  int first_layer = 0; // both ends included
  int last_layer = 0;
  bool embedding = false;
  bool head = false;
  std::uint64_t weights_bytes = 0; // held
  std::uint64_t kv_bytes = 0;      // held at most
  std::uint64_t memory_bytes = 0;  // all that it may take, as computed before
  std::uint64_t peak_bytes = 0;    // all that it took at most
  std::uint64_t bytes_read = 0;    // from the model's files
  double busy = 0.0;               // share of the run spent in its layers
};

/// Times of ticks, as rank 0 sees them. Ticks in which no rank had anything to
/// do do not count.
class TickStats {
 public:
  explicit TickStats(int n_ranks);

  /// One tick: how long it took in all, each rank's time in its layers, and the
  /// bytes that each rank gave to the exchange.
  /// `is_decode`: no rank worked on more than one token per sequence.
  void record(
      std::chrono::nanoseconds wall,
      const std::vector<int>& compute_us,
      std::int64_t packet_bytes,
      bool is_decode);

  /// Milliseconds of a decode tick on average; 0 when there was none.
  double tick_ms() const;
  /// The part of it in which not even the slowest rank computed: exchange,
  /// scheduling and waiting for processes to be woken.
  double exchange_ms() const;
  /// Share of all working ticks' time that this rank spent in its layers.
  double busy(int rank) const;
  std::int64_t exchange_bytes() const { // of each rank, of all working ticks
    return exchange_bytes_;
  }

 private:
  double wall_ms_ = 0.0;
  std::vector<double> compute_ms_; // by rank
  std::int64_t exchange_bytes_ = 0;
  std::uint64_t n_decode_ = 0;
  double decode_wall_ms_ = 0.0;
  double decode_exchange_ms_ = 0.0;
};

} // namespace lockstep::engine
