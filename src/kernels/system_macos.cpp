#include <algorithm>

#include <sys/mman.h>
#include <sys/sysctl.h>

#include "kernels/system.h"

namespace lockstep::kernels {

std::byte* map_pages(std::size_t bytes) {
  void* mapped = ::mmap(
      nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
  return mapped == MAP_FAILED ? nullptr : static_cast<std::byte*>(mapped);
}

void unmap_pages(std::byte* pages, std::size_t bytes) {
  ::munmap(pages, bytes);
}

int physical_cores() {
  // Work is shared out as threads become free, so slow cores would help; but
  // they hold up the end of each piece of work.
  for (const char* name : {"hw.perflevel0.physicalcpu", "hw.physicalcpu"}) {
    int cores = 0;
    std::size_t size = sizeof cores;
    if (::sysctlbyname(name, &cores, &size, nullptr, 0) == 0 && cores > 0) {
      return cores;
    }
  }
  return 1;
}

} // namespace lockstep::kernels
