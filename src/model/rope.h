#pragma once

#include <optional>

#include "mlx/array.h"

#include "checkpoint/config.h"
#include "model/weights.h"

namespace lockstep::model {

/// Rotary position embedding of the first half / second half kind, with the
/// frequencies that the checkpoint asks for. Su et al., "RoFormer" (2021),
/// eq. 34; "llama3" scaling as Meta's Llama 3.1 release defines it.
class Rope {
 public:
  Rope(const checkpoint::RopeConfig& config, Weights& weights);

  /// [1, n_heads, L, head_dim] at places offset … offset + L - 1.
  mx::array operator()(const mx::array& x, int offset) const;

 private:
  checkpoint::RopeConfig config_;
  std::optional<mx::array> periods_; // [dims / 2], 2π-less wavelengths
};

} // namespace lockstep::model
