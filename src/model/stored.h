#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/config.h"

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

/// A layer: h = x + out(attention(qkv(x))), then h + feed_forward(h). Attention
/// is causal, with grouped keys and values and rotary positions. Vaswani et al.,
/// "Attention Is All You Need" (2017), eq. 1; Ainslie et al., "GQA" (2023); Su
/// et al., "RoFormer" (2021), eq. 34.
struct StoredBlock {
  StoredProjection qkv; // queries, keys and values side by side
  checkpoint::LayerConfig layer;
  std::vector<double> periods; // [rope.dims / 2]: an angle is place / period
  StoredProjection out;
  StoredFeedForward feed_forward;
};

} // namespace lockstep::model
