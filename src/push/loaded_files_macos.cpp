#include <string_view>

#include <mach-o/dyld.h>

#include "push/loaded_files.h"

namespace lockstep::push {

// Asked only for what is not where the program says.
const char* const kLibraryVariable = "DYLD_FALLBACK_LIBRARY_PATH";

std::vector<std::filesystem::path> loaded_libraries() {
  std::vector<std::filesystem::path> paths;
  // Image 0 is the program itself.
  for (std::uint32_t i = 1; i < ::_dyld_image_count(); ++i) {
    const char* name = ::_dyld_get_image_name(i);
    const std::string_view path = name == nullptr ? "" : name;
    if (path.starts_with('/') && !path.starts_with("/usr/lib/") &&
        !path.starts_with("/System/")) {
      paths.emplace_back(path);
    }
  }
  return paths;
}

} // namespace lockstep::push
