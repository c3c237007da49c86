#include "kernels/lanes_avx512.h"
#include "kernels/make_table.h"
#include "kernels/tables.h"

namespace lockstep::kernels {

const Table& avx512_vnni_table() {
  static constexpr Table kTable = make_table<Avx512<true>>("AVX-512+VNNI");
  return kTable;
}

} // namespace lockstep::kernels
