#include <cstdint>

#include <mach/mach.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/host.h"

namespace lockstep {

std::uint64_t peak_memory_bytes() {
  ::rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) {
    return 0;
  }
  return static_cast<std::uint64_t>(usage.ru_maxrss); // in bytes
}

std::uint64_t free_memory_bytes() {
  ::vm_statistics64_data_t pages{};
  ::mach_msg_type_number_t n_words = HOST_VM_INFO64_COUNT;
  const auto host = ::mach_host_self();
  const auto result = ::host_statistics64(
      host,
      HOST_VM_INFO64,
      reinterpret_cast<::host_info64_t>(&pages),
      &n_words);
  ::mach_port_deallocate(::mach_task_self(), host);
  if (result != KERN_SUCCESS) {
    return 0;
  }
  // What files left in memory goes when programs want it.
  const std::uint64_t n_pages = std::uint64_t{pages.free_count} +
                                pages.inactive_count + pages.purgeable_count;
  return n_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

} // namespace lockstep
