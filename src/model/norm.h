#pragma once

#include <string>

#include "mlx/array.h"

#include "model/weights.h"

namespace lockstep::model {

/// x / rms(x) * weight. Zhang and Sennrich, "Root Mean Square Layer
/// Normalization" (2019), eq. 4.
class RmsNorm {
 public:
  RmsNorm(Weights& weights, const std::string& name, int size, float eps);

  mx::array operator()(const mx::array& x) const; // [R, size] -> [R, size]

 private:
  mx::array weight_; // [size]
  float eps_;
};

} // namespace lockstep::model
