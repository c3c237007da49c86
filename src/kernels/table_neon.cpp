#include "kernels/lanes_neon.h"
#include "kernels/make_table.h"
#include "kernels/tables.h"

namespace lockstep::kernels {

const Table& neon_table() {
  static constexpr Table kTable = make_table<Neon>("NEON");
  return kTable;
}

} // namespace lockstep::kernels
