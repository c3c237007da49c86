#include "model/norm.h"

#include "mlx/fast.h"

namespace lockstep::model {

RmsNorm::RmsNorm(Weights& weights, const std::string& name, int size, float eps)
    : weight_(weights.take(name + ".weight", {size})), eps_(eps) {
}

mx::array RmsNorm::operator()(const mx::array& x) const {
  return mx::fast::rms_norm(x, weight_, eps_);
}

} // namespace lockstep::model
