#pragma once

#include <vector>

#include "world/exchange_kind.h"

namespace lockstep::world {

/// What the exchanges of a world will mostly be like.
struct TypicalSizes {
  PacketSize decode; // one token of each sequence of a part
  PacketSize prompt; // a chunk of a prompt
};

/// What a rank gives in a tick in which every rank but the last hands on all
/// rows; what the rows hold does not matter.
Outbox full_outbox(const Group& group, const PacketSize& size);

/// What one kind takes, on the slowest rank.
struct ExchangeTiming {
  ExchangeKind kind = ExchangeKind::gather;
  double decode_us = 0.0; // median
  double prompt_us = 0.0;
};

/// Tries every kind that the group's back end carries, gather first.
/// Collective; the result is the same on all ranks. Throws Error{peer_lost}.
std::vector<ExchangeTiming> time_exchanges(
    const Group& group, const TypicalSizes& sizes);

/// The kind that serves best: the first, unless another is clearly faster over
/// all ticks of an answer.
ExchangeKind best_of(const std::vector<ExchangeTiming>& timings);

/// Measures and lets rank 0 decide for all. Collective; gather for a rank
/// alone. Throws Error{peer_lost}.
ExchangeKind choose_exchange(const Group& group, const TypicalSizes& sizes);

} // namespace lockstep::world
