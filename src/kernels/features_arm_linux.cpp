#include <asm/hwcap.h>
#include <sys/auxv.h>

#include "kernels/features_arm.h"

namespace lockstep::kernels {

bool has_dot_products() {
  return (::getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
}

} // namespace lockstep::kernels
