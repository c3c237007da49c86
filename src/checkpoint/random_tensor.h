#pragma once

#include "checkpoint/checkpoint.h"

namespace lockstep::checkpoint {

/// Makes one of random_weights(), a function of `info` alone: a matrix of
/// numbers around 0 that leaves the size of its input as it is (standard
/// deviation 1 / sqrt(inputs)), biases as small as the weights of 1,024 inputs,
/// other vectors near 1, as norms have them. Numbers are sums of two uniform
/// ones.
Tensor random_tensor(const TensorInfo& info);

} // namespace lockstep::checkpoint
