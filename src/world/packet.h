#pragma once

#include "mlx/array.h"

#include "world/exchange.h"
#include "world/group.h"

namespace lockstep::world {

/// The outbox as one int32 array [size.total_words()]: seal, header, results,
/// the bits of the hidden states. For host memory it is put together there, at
/// once, and states a checksum of the hidden states; for device memory it is a
/// graph that puts it together where the hidden states are.
mx::array pack(const Outbox& outbox, Memory memory);

/// The same as row `rank` of [n_ranks, size.total_words()], zeros elsewhere.
mx::array pack_among(
    const Outbox& outbox, int rank, int n_ranks, Memory memory);

/// Reads the packets of all ranks, one after the other in `packets`, evaluated.
/// `own` is what this rank gave. Checks every rank's seal against own's and
/// every checksum that it states; throws Error{diverged} naming the first rank
/// that differs.
Inbox unpack(
    const mx::array& packets, const Outbox& own, int rank, Memory memory);

} // namespace lockstep::world
