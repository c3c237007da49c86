#include "kernels/tables.h"

namespace lockstep::kernels {

std::vector<const Table*> usable_tables() {
  std::vector<const Table*> tables;
  const auto avx512 = [] {
    return __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq");
  };
  const auto avx2 = [] {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("f16c");
  };
  if (avx512() && __builtin_cpu_supports("avx512vnni")) {
    tables.push_back(&avx512_vnni_table());
  }
  if (avx512()) {
    tables.push_back(&avx512_table());
  }
  if (avx2()) {
    tables.push_back(&avx2_table());
  }
  tables.push_back(&portable_table());
  return tables;
}

} // namespace lockstep::kernels
