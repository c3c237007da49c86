#pragma once

#include <vector>

#include "checkpoint/checkpoint.h"

namespace lockstep::checkpoint {

/// The values of a dense tensor.
std::vector<float> to_floats(const Tensor& tensor);

} // namespace lockstep::checkpoint
