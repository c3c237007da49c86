#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "model/parts.h"

namespace lockstep::engine {

/// Whose arithmetic a rank uses. On CPUs our own kernels: exact ones, whose
/// results depend on nothing but their input, or fast ones, which round
/// activations to 8 bits. On GPUs MLX's.
enum class KernelKind { automatic, exact, fast, mlx };

std::string_view name_of(KernelKind kind);

struct ComputeOptions {
  KernelKind kernels = KernelKind::automatic;
  int threads = 0; // of each rank; 0 = its share of this machine's cores
  /// Of keys and values as they are kept: 8, 16 or 32; 0 = what suits.
  int kv_bits = 0;
};

/// How this rank computes.
struct Compute {
  KernelKind kernels = KernelKind::mlx;
  int threads = 0;    // 0 = as MLX does
  int kv_bits = 0;    // 8, 16 or 32
  std::string device; // what it computes on, for people
  std::string set;    // instruction set of our kernels; empty = MLX's
  std::vector<std::string> warnings; // what the user should know
  std::unique_ptr<model::Parts> parts;
};

/// `n_ranks` share this machine. Throws Error{usage} when the options do not
/// fit the device.
Compute choose_compute(
    const ComputeOptions& options,
    int n_ranks,
    const checkpoint::Checkpoint& checkpoint);

} // namespace lockstep::engine
