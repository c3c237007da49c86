#pragma once

#include <vector>

#include "base/json.h"
#include "world/group.h"

namespace lockstep::world {

/// What every rank says, by rank. Collective; as text it has to fit the bytes
/// that the table has for the purpose. Throws Error{peer_lost}, and what
/// parse_json() throws, naming the rank.
std::vector<Json> gather_json(
    const Group& group, Purpose purpose, const Json& own);

} // namespace lockstep::world
