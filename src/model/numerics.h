#pragma once

#include "mlx/device.h"
#include "mlx/dtype.h"

#include "checkpoint/checkpoint.h"

namespace lockstep::model {

namespace mx = mlx::core;

/// The types in which a rank computes; the same on all ranks of a world.
struct Numerics {
  mx::Dtype activations = mx::float32; // hidden states, keys and values
  mx::Dtype scales = mx::float32;      // scales and biases of quantized weights
};

/// On a CPU everything is float32: MLX's CPU kernels take their arithmetic from
/// the scales' type, and half precision there is slow and loses accuracy. On a
/// GPU the checkpoint's own type, float16 for float32 ones.
Numerics numerics_for(mx::Device device, checkpoint::Dtype stored);

mx::Dtype to_mlx(checkpoint::Dtype dtype);

} // namespace lockstep::model
