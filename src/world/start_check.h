#pragma once

#include <string>
#include <utility>
#include <vector>

#include "world/group.h"

namespace lockstep::world {

/// What must be the same on all ranks before the first tick, by name:
/// {"lockstep", "0.1.0"}, {"MLX", …}, {"model", …}, {"plan", …}.
using Facts = std::vector<std::pair<std::string, std::string>>;

/// Compares every rank's facts with rank 0's. Throws Error{diverged} naming the
/// rank, its host, the fact and both values. Every rank calls it, and all of them throw.
void check_same_facts(const Group& group, const Facts& facts);

} // namespace lockstep::world
