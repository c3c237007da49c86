#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "checkpoint/checkpoint.h"

namespace lockstep::model {

/// A weight matrix [out, in] of a checkpoint, with its bias.
struct StoredLinear {
  /// Reads it; once, on any thread. Throws as Checkpoint::load does.
  std::function<checkpoint::Tensor()> read;
  std::vector<float> bias; // [out]; empty = none
};

/// x / rms(x) * weight. Zhang and Sennrich, "Root Mean Square Layer
/// Normalization" (2019), eq. 4.
struct RmsNorm {
  std::vector<float> weight;
  float eps = 0.0F;
};

/// Rows through several matrices with the same input, outputs side by side.
struct StoredProjection {
  std::optional<RmsNorm> norm; // of the input
  std::vector<StoredLinear> linears;
};

/// down(silu(gate(norm(x))) * up(norm(x))). Shazeer, "GLU Variants Improve
/// Transformer" (2020), eq. 6 (SwiGLU).
struct StoredFeedForward {
  std::optional<RmsNorm> norm;
  StoredLinear gate;
  StoredLinear up;
  StoredLinear down;
};

} // namespace lockstep::model
