#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/layout.h"
#include "world/group.h"

namespace lockstep::engine {

/// Where one rank runs and what it may take there, as all ranks know it.
struct RankPlace {
  std::string host;
  std::string device;      // ranks of one share its memory
  bool on_gpu = false;     // of its own
  std::uint64_t room = 0;  // bytes of the device for its ranks; 0 = unknown
  std::uint64_t free = 0;  // bytes of the host's memory now; 0 = unknown
  std::uint64_t limit = 0; // bytes that the user lets it take; 0 = not said
  double share = 1.0;      // of the work, against the other ranks'
};

/// What a user says of this rank.
struct OwnTerms {
  std::uint64_t limit = 0; // bytes; 0 = nothing
  double share = 0.0;      // 0 = nothing, which means 1
};

/// Collective (world/collectives' hosts): every rank's place, by rank. Throws
/// Error{peer_lost}.
std::vector<RankPlace> gather_places(
    const world::Group& group, const OwnTerms& own);

/// Of how many ranks this is the host; as gather_places() has them.
int n_ranks_on(const std::vector<RankPlace>& places, const std::string& host);

/// What each rank may take for sure: its limit, and its device's memory where
/// no other rank has part in it.
std::vector<plan::RankRoom> rooms_of(const std::vector<RankPlace>& places);

/// Memory that ranks on this device may share: what the system and other
/// programs keep of all of it is left out.
std::uint64_t usable(std::uint64_t device_bytes);

} // namespace lockstep::engine
