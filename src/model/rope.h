#pragma once

#include <vector>

#include "checkpoint/config.h"
#include "model/weights.h"

namespace lockstep::model {

/// The periods of a rotary position embedding of the first half / second half
/// kind: pair i of a head's dimensions turns by place / periods[i]. "llama3"
/// scaling as Meta's Llama 3.1 release defines it.
std::vector<double> rope_periods(
    const checkpoint::RopeConfig& config, Weights& weights);

} // namespace lockstep::model
