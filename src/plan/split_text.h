#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/config.h"

namespace lockstep::plan {

/// Numbers of layers by rank as people write them, "20,8". Throws Error{usage}
/// when the text is something else.
std::vector<int> parse_split(std::string_view text);

/// "20,8"
std::string split_text(const std::vector<int>& counts);

std::vector<int> counts_of(const std::vector<checkpoint::LayerRange>& layers);

/// The ranges that such numbers mean. Throws Error{usage} when these are not
/// `n_ranks` numbers that add up to `n_layers`.
std::vector<checkpoint::LayerRange> ranges_of(
    const std::vector<int>& counts, int n_ranks, int n_layers);

} // namespace lockstep::plan
