#include "kernels/features_arm.h"
#include "kernels/tables.h"

namespace lockstep::kernels {

std::vector<const Table*> usable_tables() {
  if (has_dot_products()) {
    return {&neon_table(), &portable_table()};
  }
  return {&portable_table()};
}

} // namespace lockstep::kernels
