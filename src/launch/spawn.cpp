#include "launch/spawn.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "launch/process.h"
#include "link/descriptor.h"

namespace lockstep::launch {

namespace {

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (auto& string : strings) {
    result.push_back(string.data());
  }
  result.push_back(nullptr);
  return result;
}

// Runs in the child: nothing here may allocate, lock or return.
[[noreturn]] void become(
    const SpawnOptions& options,
    char* const* argv,
    char* const* environment,
    pid_t parent,
    int report) {
  ::setpgid(0, 0);
  // A background group that writes to its terminal is to write, not to stop.
  ::signal(SIGTTOU, SIG_IGN);
  end_with_parent(options.signal_at_parent_death);
  const std::array<int, 3> given{
      options.stdin_fd, options.stdout_fd, options.stderr_fd};
  bool placed = ::getppid() == parent;
  for (int target = 0; placed && target < 3; ++target) {
    const int fd = given[static_cast<std::size_t>(target)];
    placed = fd == target || ::dup2(fd, target) == target;
  }
  ::pthread_sigmask(SIG_SETMASK, &options.mask, nullptr);
  if (placed) {
    ::execve(options.program.c_str(), argv, environment);
  }
  const int error = errno;
  [[maybe_unused]] const auto n = ::write(report, &error, sizeof(error));
  constexpr int kCannotExecute = 127;
  ::_exit(kCannotExecute);
}

} // namespace

pid_t spawn(const SpawnOptions& options) {
  auto arguments = options.argv;
  const auto argv = pointers(arguments);
  std::vector<std::string> settings;
  for (const auto& [name, value] : options.environment) {
    settings.push_back(fmt::format("{}={}", name, value));
  }
  const auto environment = pointers(settings);
  // Closes by itself when exec succeeds.
  auto report = link::make_pipe();
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    become(
        options, argv.data(), environment.data(), parent, report.write.get());
  }
  if (pid < 0) {
    fail(
        ErrorKind::network,
        "no process can be started: {}",
        std::strerror(errno));
  }
  report.write.reset();
  pollfd waiting{report.read.get(), POLLIN, 0};
  while (::poll(&waiting, 1, -1) < 0 && errno == EINTR) {
  }
  int error = 0;
  if (::read(report.read.get(), &error, sizeof(error)) == sizeof(error)) {
    ::waitpid(pid, nullptr, 0);
    fail(
        ErrorKind::network,
        "{}: cannot be started: {}",
        options.program.string(),
        std::strerror(error));
  }
  return pid;
}

} // namespace lockstep::launch
