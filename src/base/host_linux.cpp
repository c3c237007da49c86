#include <cstdint>
#include <fstream>
#include <string>

#include <sys/resource.h>

#include "base/host.h"

namespace lockstep {

std::uint64_t peak_memory_bytes() {
  ::rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) {
    return 0;
  }
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024; // in kibibytes
}

std::uint64_t free_memory_bytes() {
  std::ifstream file("/proc/meminfo");
  std::string key;
  std::uint64_t kibibytes = 0;
  std::string unit;
  while (file >> key >> kibibytes && std::getline(file, unit)) {
    if (key == "MemAvailable:") {
      return kibibytes * 1024;
    }
  }
  return 0;
}

} // namespace lockstep
