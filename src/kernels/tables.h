#pragma once

#include "kernels/table.h"

namespace lockstep::kernels {

// One for each table_*.cpp; which of them exist depends on the processor that
// is built for, which of them may be called on the one that runs.
const Table& portable_table();
const Table& avx2_table();
const Table& avx512_table();
const Table& avx512_vnni_table();
const Table& neon_table();

} // namespace lockstep::kernels
