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

namespace {

/// What /proc says of a process after its name: its state, and numbers. The
/// first of them is field 4 of proc_pid_stat(5).
struct Stat {
  std::string state;
  std::vector<std::uint64_t> numbers;

  std::optional<std::uint64_t> field(std::size_t number) const {
    const auto at = number - 4;
    return at < numbers.size() ? std::optional(numbers[at]) : std::nullopt;
  }
  bool has_ended() const { return state == "Z" || state == "X"; }
};

std::optional<Stat> read_stat(pid_t pid) {
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
  Stat stat;
  fields >> stat.state;
  std::string number;
  while (fields >> number) {
    stat.numbers.push_back(std::strtoull(number.c_str(), nullptr, 10));
  }
  return stat;
}

} // namespace

std::optional<ProcessIdentity> identify(pid_t pid) {
  constexpr std::size_t kStarted = 22;
  const auto stat = read_stat(pid);
  const auto started = stat ? stat->field(kStarted) : std::nullopt;
  if (!started || stat->has_ended()) {
    return std::nullopt;
  }
  return ProcessIdentity{pid, *started};
}

std::optional<int> unasked_status(pid_t pid) {
  constexpr std::size_t kExitCode = 52;
  const auto stat = read_stat(pid);
  const auto status = stat ? stat->field(kExitCode) : std::nullopt;
  if (!status || !stat->has_ended()) {
    return std::nullopt;
  }
  return static_cast<int>(*status);
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
