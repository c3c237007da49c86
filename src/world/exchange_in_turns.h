#pragma once

#include <functional>

#include "world/exchange_kind.h"

namespace lockstep::world {

/// Microseconds that an exchange of this size adds to a tick, as rank 0 sees
/// it: the mean of ticks without their slowest rank. Ranks do `work` by turns,
/// as they do while a single token goes round, so that those who wait have
/// waited as long as then. Collective; the result is the same on all ranks.
/// Throws Error{peer_lost}.
double time_exchange_in_turns(
    const Group& group,
    ExchangeKind kind,
    const PacketSize& size,
    const std::function<void()>& work);

} // namespace lockstep::world
