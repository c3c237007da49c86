#include <cstdint>
#include <filesystem>
#include <string>

#include <libproc.h>
#include <mach-o/dyld.h>
#include <sys/proc.h>
#include <sys/proc_info.h>

#include "base/error.h"
#include "launch/local.h"
#include "launch/process.h"

namespace lockstep::launch {

std::optional<ProcessIdentity> identify(pid_t pid) {
  proc_bsdinfo info{};
  const int n = ::proc_pidinfo(pid, PROC_PIDTBSDINFO, 0, &info, sizeof(info));
  if (n != static_cast<int>(sizeof(info)) || info.pbi_status == SZOMB) {
    return std::nullopt;
  }
  constexpr std::uint64_t kMicroseconds = 1'000'000;
  return ProcessIdentity{
      pid, info.pbi_start_tvsec * kMicroseconds + info.pbi_start_tvusec};
}

std::optional<int> unasked_status(pid_t /*pid*/) {
  return std::nullopt;
}

bool is_alive(const ProcessIdentity& process) {
  return identify(process.pid) == process;
}

void end_with_parent(int /*signal*/) {
}

std::optional<bool> is_listening(int /*port*/) {
  return std::nullopt;
}

std::vector<const char*> mpi_library_names() {
  return {"libmpi.dylib"};
}

bool may_copy_between_processes() {
  return true; // Open MPI has no such way here
}

std::filesystem::path self_path() {
  std::uint32_t size = 0;
  ::_NSGetExecutablePath(nullptr, &size);
  std::string path(size, '\0');
  if (::_NSGetExecutablePath(path.data(), &size) != 0) {
    fail(ErrorKind::internal, "the path of this program cannot be found");
  }
  std::error_code error;
  auto real = std::filesystem::canonical(path.c_str(), error);
  if (error) {
    fail(
        ErrorKind::internal,
        "the path of this program cannot be found: {}",
        error.message());
  }
  return real;
}

} // namespace lockstep::launch
