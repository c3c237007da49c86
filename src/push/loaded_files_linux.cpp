#include <algorithm>
#include <array>
#include <string_view>

#include <link.h>

#include "push/loaded_files.h"

namespace lockstep::push {

namespace {

// The C library's parts fit the system's loader and no other, and NVIDIA's
// driver fits the kernel.
bool is_systems(std::string_view name) {
  constexpr std::array<std::string_view, 11> kSystems{
      "ld-linux",
      "linux-vdso",
      "libc.so",
      "libm.so",
      "libdl.so",
      "librt.so",
      "libpthread.so",
      "libresolv.so",
      "libutil.so",
      "libcuda.so",
      "libnvidia-"};
  return std::any_of(kSystems.begin(), kSystems.end(), [&](auto prefix) {
    return name.starts_with(prefix);
  });
}

} // namespace

const char* const kLibraryVariable = "LD_LIBRARY_PATH";

std::vector<std::filesystem::path> loaded_libraries() {
  std::vector<std::filesystem::path> paths;
  const auto add = [](dl_phdr_info* info, std::size_t /*size*/, void* to) {
    const std::filesystem::path path(info->dlpi_name);
    // The program itself has no name here.
    if (path.is_absolute() && !is_systems(path.filename().string())) {
      static_cast<std::vector<std::filesystem::path>*>(to)->push_back(path);
    }
    return 0;
  };
  ::dl_iterate_phdr(add, &paths);
  return paths;
}

} // namespace lockstep::push
