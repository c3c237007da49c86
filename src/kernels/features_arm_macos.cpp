#include "kernels/features_arm.h"

namespace lockstep::kernels {

bool has_dot_products() {
  return true; // every Mac with such a processor has them
}

} // namespace lockstep::kernels
