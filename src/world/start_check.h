#pragma once

#include <string>
#include <utility>
#include <vector>

#include "world/group.h"

namespace lockstep::world {

/// What must be the same on all ranks before the first tick, by name:
/// {"the model", …}, {"the layers", …}.
using Facts = std::vector<std::pair<std::string, std::string>>;

/// Compares every rank's facts with rank 0's. Throws Error{diverged} naming the
/// rank, its host, the fact and both values. Every rank calls it, and all of them throw.
void check_same_facts(const Group& group, const Facts& facts);

/// The same of this program's version and MLX's: the first that ranks say to
/// each other, as all that follows depends on it.
void check_same_versions(const Group& group, const std::string& version);

} // namespace lockstep::world
