#include "kernels/lanes_avx512.h"
#include "kernels/make_table.h"
#include "kernels/tables.h"

namespace lockstep::kernels {

const Table& avx512_table() {
  static constexpr Table kTable = make_table<Avx512<false>>("AVX-512");
  return kTable;
}

} // namespace lockstep::kernels
