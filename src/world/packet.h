#pragma once

#include "mlx/array.h"

#include "world/exchange.h"

namespace lockstep::world {

/// The outbox as one int32 array [size.total_words()]: seal, header, results,
/// the bits of the hidden states.
mx::array pack(const Outbox& outbox);

/// Reads the packets of all ranks, `packets` [n_ranks, size.total_words()] of
/// int32, evaluated. Checks every rank's seal against `expected` and every
/// checksum; throws Error{diverged} naming the first rank that differs.
Inbox unpack(
    const mx::array& packets,
    const PacketSize& size,
    const Seal& expected,
    int rank);

} // namespace lockstep::world
