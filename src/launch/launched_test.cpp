// The part of local_test.cpp that starts launchers and looks at what is left.
#include "launch/launched_test.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "launch/local.h"
#include "launch/mpi.h"
#include "link/descriptor.h"

namespace lockstep::launch {

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto kPatience = 30s;

// Living processes whose command line has the mark.
std::string processes_with(const std::string& mark) {
  FILE* list = ::popen("/bin/ps -axww -o pid=,stat=,args=", "r");
  REQUIRE(list != nullptr);
  std::string found;
  std::string line;
  for (int c = std::fgetc(list); c != EOF; c = std::fgetc(list)) {
    line += static_cast<char>(c);
    if (c != '\n') {
      continue;
    }
    std::istringstream fields(line);
    std::string pid;
    std::string state;
    fields >> pid >> state;
    if (line.find(mark) != std::string::npos && state[0] != 'Z') {
      found += line;
    }
    line.clear();
  }
  ::pclose(list);
  return found;
}

void check_nothing_left(const std::string& mark) {
  std::string left = processes_with(mark);
  for (int i = 0; i < 200 && !left.empty(); ++i) {
    std::this_thread::sleep_for(20ms);
    left = processes_with(mark);
  }
  CAPTURE(left);
  CHECK(left.empty());
}

int launch(const TestRun& run, const std::string& mark) {
  LocalOptions options;
  options.backend = run.backend;
  options.n_ranks = run.n_ranks;
  options.program = self_path().parent_path() / "fake_rank";
  options.argv = {"fake_rank", "mark=" + mark};
  options.argv.insert(
      options.argv.end(), run.actions.begin(), run.actions.end());
  options.environment["FAKE_SIZE"] = std::to_string(run.n_ranks);
  options.stdin_text = run.stdin_text;
  options.start_deadline = run.start_deadline;
  try {
    return run_local(options);
  } catch (const Error& error) {
    std::fprintf(stderr, "thrown: %s\n", error.what());
    return 1;
  }
}

} // namespace

RunningLauncher::RunningLauncher(pid_t pid, int out, int err)
    : pid_(pid), out_fd_(out), err_fd_(err) {
}

RunningLauncher::~RunningLauncher() {
  ::close(out_fd_);
  ::close(err_fd_);
}

void RunningLauncher::signal(int number) const {
  ::kill(pid_, number);
}

bool RunningLauncher::read_some() {
  std::array<pollfd, 2> waiting{
      pollfd{out_fd_, POLLIN, 0}, pollfd{err_fd_, POLLIN, 0}};
  constexpr int kPatienceMs = 30000;
  if (::poll(waiting.data(), waiting.size(), kPatienceMs) <= 0) {
    return false;
  }
  bool open = false;
  for (auto& one : waiting) {
    std::array<char, 4096> buffer{};
    if (one.revents == 0) {
      open = open || one.fd >= 0;
      continue;
    }
    const auto n = ::read(one.fd, buffer.data(), buffer.size());
    if (n > 0) {
      auto& text = one.fd == out_fd_ ? out : err;
      text.append(buffer.data(), static_cast<std::size_t>(n));
      open = true;
    } else {
      int& closed = one.fd == out_fd_ ? out_fd_ : err_fd_;
      ::close(closed);
      closed = -1;
    }
  }
  return open || out_fd_ >= 0 || err_fd_ >= 0;
}

void RunningLauncher::wait_for_text(const std::string& text) {
  while (err != text && read_some()) {
  }
  CHECK(err == text);
}

void RunningLauncher::close_stdout_after(const std::string& text) {
  while (out != text && read_some()) {
  }
  CHECK(out == text);
  ::close(out_fd_);
  out_fd_ = -1;
}

int RunningLauncher::finish() {
  while ((out_fd_ >= 0 || err_fd_ >= 0) && read_some()) {
  }
  int status = 0;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (::waitpid(pid_, &status, WNOHANG) != pid_) {
    if (std::chrono::steady_clock::now() > deadline) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, &status, 0);
      FAIL("the launcher does not end");
    }
    std::this_thread::sleep_for(5ms);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TestEnd run_ranks(const TestRun& run) {
  const auto began = std::chrono::steady_clock::now();
  const auto mark = std::to_string(::getpid()) + "-" +
                    std::to_string(began.time_since_epoch().count());
  auto out = link::make_pipe();
  auto err = link::make_pipe();
  std::cout.flush(); // or the child writes it again
  const pid_t pid = ::fork();
  if (pid == 0) {
    // Shells let their background jobs ignore it.
    ::signal(SIGINT, SIG_DFL);
    out.read.reset();
    err.read.reset();
    link::set_nonblocking(out.write.get(), false);
    link::set_nonblocking(err.write.get(), false);
    ::dup2(out.write.get(), STDOUT_FILENO);
    ::dup2(err.write.get(), STDERR_FILENO);
    ::_exit(launch(run, mark));
  }
  out.write.reset();
  err.write.reset();
  RunningLauncher launcher(pid, ::dup(out.read.get()), ::dup(err.read.get()));
  out.read.reset();
  err.read.reset();
  if (run.meanwhile) {
    run.meanwhile(launcher);
  }
  TestEnd end;
  end.exit_code = launcher.finish();
  const std::chrono::duration<double> passed =
      std::chrono::steady_clock::now() - began;
  end.seconds = passed.count();
  check_nothing_left(mark);
  end.out = launcher.out;
  end.err = launcher.err;
  return end;
}

bool have_mpirun() {
  try {
    require_open_mpi();
    return true;
  } catch (const Error&) {
    return false;
  }
}

} // namespace lockstep::launch
