#pragma once

#include <cstdint>

#include "world/group.h"

namespace lockstep::engine {

/// Collective, before weights are read: throws Error{memory} when the weights
/// of this rank, `bytes` as stored, are more than its GPU has, or without a GPU
/// of its own those of all ranks of this host more than the host has.
void check_weights_fit(const world::Group& group, std::uint64_t bytes);

} // namespace lockstep::engine
