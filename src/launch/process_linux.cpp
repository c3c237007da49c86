#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <sys/prctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/error.h"
#include "launch/local.h"
#include "launch/process.h"

namespace lockstep::launch {

std::optional<ProcessIdentity> identify(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) {
    return std::nullopt;
  }
  // The name in parentheses may hold anything; what follows is numbers.
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) {
    return std::nullopt;
  }
  std::istringstream fields(line.substr(name_end + 1));
  std::string state;
  fields >> state;
  constexpr int kFieldsUntilStart = 18;
  std::string skipped;
  for (int i = 0; i < kFieldsUntilStart; ++i) {
    fields >> skipped;
  }
  ProcessIdentity process{pid, 0};
  if (!(fields >> process.started) || state == "Z" || state == "X") {
    return std::nullopt;
  }
  return process;
}

bool is_alive(const ProcessIdentity& process) {
  return identify(process.pid) == process;
}

void end_with_parent(int signal) {
  ::prctl(PR_SET_PDEATHSIG, signal);
}

std::optional<bool> is_listening(int port) {
  std::ifstream file("/proc/net/tcp");
  std::string line;
  if (!std::getline(file, line)) {
    return std::nullopt;
  }
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string number;
    std::string local;
    std::string remote;
    std::string state;
    fields >> number >> local >> remote >> state;
    const auto colon = local.rfind(':');
    constexpr auto kListening = "0A";
    if (state == kListening && colon != std::string::npos &&
        std::strtol(local.c_str() + colon + 1, nullptr, 16) == port) {
      return true;
    }
  }
  return false;
}

std::vector<const char*> mpi_library_names() {
  return {"libmpi.so", "libmpi.so.40"};
}

bool may_copy_between_processes() {
  char from = 1;
  char to = 0;
  iovec source{&from, 1};
  iovec target{&to, 1};
  return ::process_vm_readv(::getpid(), &target, 1, &source, 1, 0) == 1;
}

std::filesystem::path self_path() {
  std::error_code error;
  auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) {
    fail(
        ErrorKind::internal,
        "the path of this program cannot be found: {}",
        error.message());
  }
  return path;
}

} // namespace lockstep::launch
