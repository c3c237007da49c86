#include <cstdint>

#include <sys/resource.h>

#include "base/host.h"

namespace lockstep {

std::uint64_t peak_memory_bytes() {
  ::rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) {
    return 0;
  }
  return static_cast<std::uint64_t>(usage.ru_maxrss); // in bytes
}

} // namespace lockstep
