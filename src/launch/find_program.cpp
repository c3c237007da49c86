#include "launch/find_program.h"

#include <cstdlib>
#include <string_view>
#include <system_error>

#include <unistd.h>

#include "base/error.h"

namespace lockstep::launch {

namespace fs = std::filesystem;

std::optional<fs::path> find_program(const std::string& name) {
  const auto can_run = [](const fs::path& file) {
    std::error_code error;
    return fs::is_regular_file(file, error) &&
           ::access(file.c_str(), X_OK) == 0;
  };
  if (name.find('/') != std::string::npos) {
    return can_run(name) ? std::optional(fs::absolute(name)) : std::nullopt;
  }
  const char* path = std::getenv("PATH");
  std::string_view left = path != nullptr ? path : "";
  while (!left.empty()) {
    const auto end = left.find(':');
    const fs::path candidate = fs::path(left.substr(0, end)) / name;
    if (can_run(candidate)) {
      return fs::absolute(candidate);
    }
    left = end == std::string_view::npos ? "" : left.substr(end + 1);
  }
  return std::nullopt;
}

std::filesystem::path require_program(const std::string& name) {
  const auto program = find_program(name);
  if (!program) {
    fail(
        ErrorKind::network,
        "{} is not in PATH, expected a program; install it (OpenSSH has ssh) "
        "or set PATH",
        name);
  }
  return *program;
}

} // namespace lockstep::launch
