#include "base/host.h"

#include <array>

#include <unistd.h>

namespace lockstep {

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) {
    return "?";
  }
  return name.data();
}

std::uint64_t host_memory_bytes() {
  const auto pages = ::sysconf(_SC_PHYS_PAGES);
  const auto page_bytes = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && page_bytes > 0
             ? static_cast<std::uint64_t>(pages) *
                   static_cast<std::uint64_t>(page_bytes)
             : 0;
}

} // namespace lockstep
