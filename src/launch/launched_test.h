#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/types.h>

#include "base/backend.h"

namespace lockstep::launch {

/// A launcher in a process of its own, seen by a test.
class RunningLauncher {
 public:
  RunningLauncher(pid_t pid, int out, int err);
  ~RunningLauncher();
  RunningLauncher(const RunningLauncher&) = delete;
  RunningLauncher& operator=(const RunningLauncher&) = delete;

  void signal(int number) const;
  /// Returns once its stderr is this text.
  void wait_for_text(const std::string& text);
  void close_stdout_after(const std::string& text);
  /// Reads what is left; the exit code, or minus the signal.
  int finish();

  std::string out;
  std::string err;

 private:
  bool read_some();

  pid_t pid_;
  int out_fd_;
  int err_fd_;
};

struct TestRun {
  Backend backend = Backend::ring;
  int n_ranks = 2;
  std::vector<std::string> actions; // of tests/support/fake_rank
  std::optional<std::string> stdin_text{};
  std::chrono::milliseconds start_deadline = std::chrono::seconds(30);
  std::function<void(RunningLauncher&)> meanwhile{};
};

struct TestEnd {
  int exit_code = 0; // minus the signal, if one killed the launcher
  std::string out;
  std::string err;
  double seconds = 0;
};

/// Runs it and checks that no process is left.
TestEnd run_ranks(const TestRun& run);

bool have_mpirun();

// Runs a test body once for each way that works here.
template <class Body>
void each_way(Body body) {
  SUBCASE("ring") {
    body(Backend::ring);
  }
  SUBCASE("mpi") {
    if (have_mpirun()) {
      body(Backend::mpi);
    } else {
      MESSAGE("no mpirun here");
    }
  }
}

} // namespace lockstep::launch
