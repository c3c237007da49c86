#include "kernels/lanes_avx2.h"
#include "kernels/make_table.h"
#include "kernels/tables.h"

namespace lockstep::kernels {

const Table& avx2_table() {
  static constexpr Table kTable = make_table<Avx2>("AVX2");
  return kTable;
}

} // namespace lockstep::kernels
