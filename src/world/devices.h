#pragma once

namespace lockstep::world {

/// GPUs that this process sees and NCCL can join; 0 where MLX is built without
/// CUDA. Does not compute on them.
int n_nccl_gpus();

/// Throws Error{network} when MLX computes on GPUs here and this process sees
/// none.
void require_device();

} // namespace lockstep::world
