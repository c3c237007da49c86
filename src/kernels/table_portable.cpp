#include "kernels/lanes_portable.h"
#include "kernels/make_table.h"
#include "kernels/tables.h"

namespace lockstep::kernels {

const Table& portable_table() {
  static constexpr Table kTable = make_table<Portable>("portable");
  return kTable;
}

} // namespace lockstep::kernels
