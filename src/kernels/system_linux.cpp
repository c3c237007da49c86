#include <cstdint>
#include <fstream>
#include <set>
#include <string>

#include <sched.h>
#include <sys/mman.h>

#include "kernels/system.h"

namespace lockstep::kernels {

namespace {

constexpr std::size_t kLargePage = std::size_t{2} << 20;

} // namespace

std::byte* map_pages(std::size_t bytes) {
  // Large pages begin at multiples of their size: what is too much before and
  // behind goes back.
  const std::size_t room = bytes + kLargePage;
  void* mapped = ::mmap(
      nullptr,
      room,
      PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS,
      -1,
      0);
  if (mapped == MAP_FAILED) {
    return nullptr;
  }
  auto* begin = static_cast<std::byte*>(mapped);
  const auto past = reinterpret_cast<std::uintptr_t>(begin) % kLargePage;
  const std::size_t before = past == 0 ? 0 : kLargePage - past;
  if (before > 0) {
    ::munmap(begin, before);
  }
  ::munmap(begin + before + bytes, room - before - bytes);
  // Without large pages it only is slower.
  ::madvise(begin + before, bytes, MADV_HUGEPAGE);
  return begin + before;
}

void unmap_pages(std::byte* pages, std::size_t bytes) {
  ::munmap(pages, bytes);
}

int physical_cores() {
  cpu_set_t usable;
  CPU_ZERO(&usable);
  if (::sched_getaffinity(0, sizeof usable, &usable) != 0) {
    return 1;
  }
  std::set<std::string> cores; // by the list of threads that each has
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &usable)) {
      std::ifstream file(
          "/sys/devices/system/cpu/cpu" + std::to_string(cpu) +
          "/topology/thread_siblings_list");
      std::string siblings;
      if (!std::getline(file, siblings)) {
        siblings = "cpu" + std::to_string(cpu);
      }
      cores.insert(siblings);
    }
  }
  return cores.empty() ? 1 : static_cast<int>(cores.size());
}

} // namespace lockstep::kernels
