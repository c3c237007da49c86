#pragma once

#include <string>
#include <vector>

#include "launch/rank_link.h"
#include "launch/start.h"

namespace lockstep::launch {

// The lines a user reads when a run fails, without the leading "lockstep: ".

/// "killed by signal 9", "ended with exit code 3", "ended".
std::string how_it_ended(int wait_status);

/// A rank that had said hello is gone without goodbye.
std::string lost_line(
    const RankLink& rank, const std::string& how, int n_ranks);

/// A rank ended before its hello.
std::string not_started_line(const Child& child, const std::string& how);

/// "rank 1", "ranks 0, 2 and 3".
std::string ranks_text(const std::vector<int>& ranks);

} // namespace lockstep::launch
