#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mlx/array.h"

namespace lockstep::world {

namespace mx = mlx::core;

/// Size of one rank's packet in one tick's exchange; the same on all ranks,
/// because it follows from headers that all of them hold.
struct PacketSize {
  int header_words = 0; // the next batch's header, from rank 0
  int result_words = 0; // about the batch that leaves, from the last rank
  int rows = 0;         // hidden states, of the rank that hands on most
  int hidden = 0;       // elements of one hidden state
  mx::Dtype dtype = mx::float32; // of the hidden states

  /// The whole packet as int32 words.
  int total_words() const;
};

/// What every packet states, so that no stale, garbled or foreign data is ever
/// taken for this tick's.
struct Seal {
  std::uint32_t epoch = 0; // of this world; a restarted one has another
  std::uint64_t tick = 0;
  std::uint32_t plan_hash = 0; // who holds which layers of which model
};

/// What one rank gives to an exchange.
struct Outbox {
  PacketSize size;
  Seal seal;
  std::vector<std::int32_t> header;  // rank 0: header_words of them, else empty
  std::vector<std::int32_t> results; // last rank: result_words, else empty
  std::optional<mx::array> hidden;   // [r, hidden], r <= rows_on
  int rows_on = 0;    // set aside for what this rank hands on, <= size.rows
  int rows_due = 0;   // the same of the rank before
  int compute_us = 0; // this rank's time in its layers in this tick
};

/// What it gets back.
struct Inbox {
  std::vector<std::int32_t> header;  // from rank 0
  std::vector<std::int32_t> results; // from the last rank
  std::optional<mx::array> hidden;   // [rows_due, hidden] from the rank before
  std::vector<int> compute_us;       // by rank
  std::int64_t bytes_given = 0;      // that this rank put into the exchange
};

/// Moves every rank's output one place on, the header to all ranks and the
/// results home. Every rank calls swap() once a tick, with equal sizes and
/// seals; it returns when all have. Main thread only.
class Exchange {
 public:
  virtual ~Exchange() = default;

  /// Throws Error{diverged} naming the rank whose seal is wrong, and
  /// Error{peer_lost} when the back end reports a lost peer. After either the
  /// group is finished and the process must end.
  virtual Inbox swap(const Outbox& outbox) = 0;
};

} // namespace lockstep::world
