#pragma once

#include <string>

namespace lockstep::world {

/// GPUs that this process sees and NCCL can join; 0 where MLX is built without
/// CUDA. Does not compute on them.
int n_nccl_gpus();

/// MLX's own number, "0.32.4".
std::string mlx_version();

/// What MLX computes on here.
struct ComputeDevice {
  std::string name; // "Apple M4", "Intel(R) Xeon(R) Processor"
  bool is_gpu = false;
  int n_gpus = 0; // that MLX could use
};
ComputeDevice compute_device();

/// Throws Error{network} when MLX computes on GPUs here and this process sees
/// none.
void require_device();

} // namespace lockstep::world
