// How a run ends from outside, and what is not started at all.
#include <algorithm>
#include <cstdlib>
#include <string>

#include <doctest/doctest.h>
#include <signal.h>

#include "base/error.h"
#include "launch/launched_test.h"
#include "launch/local.h"

using namespace lockstep;
using namespace lockstep::launch;
using namespace std::chrono_literals;

TEST_CASE("Ctrl-C, a polite kill and a hang-up end all with the shell's code") {
  each_way([](Backend backend) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
      TestRun run{backend, 2, {"hello", "err=here", "deaf", "sleep=60000"}};
      run.meanwhile = [signal](RunningLauncher& launcher) {
        launcher.wait_for_text("here\nhere\n");
        launcher.signal(signal);
      };
      const auto end = run_ranks(run);
      CHECK(end.exit_code == 128 + signal);
      CHECK(end.err == "here\nhere\n");
      CHECK(end.seconds < 20);
    }
  });
}

// Seen to fail with: the ranks started without LOCKSTEP_LIFELINE and without
// end_with_parent.
TEST_CASE("a launcher that is killed takes its ranks along") {
  each_way([](Backend backend) {
    TestRun run{backend, 3, {"hello", "err=here", "deaf", "sleep=60000"}};
    run.meanwhile = [](RunningLauncher& launcher) {
      launcher.wait_for_text("here\nhere\nhere\n");
      launcher.signal(SIGKILL);
    };
    CHECK(run_ranks(run).exit_code == -SIGKILL);
  });
}

TEST_CASE("when nobody reads our stdout the run ends quietly") {
  each_way([](Backend backend) {
    TestRun run{backend, 2, {"hello", "0:out=line", "sleep=60000"}};
    run.meanwhile = [](RunningLauncher& launcher) {
      launcher.close_stdout_after("line\n");
    };
    const auto end = run_ranks(run);
    CHECK(end.exit_code == 128 + SIGPIPE);
    CHECK(end.err == "");
  });
}

TEST_CASE("other launchers' variables do not reach the ranks") {
  each_way([](Backend backend) {
    ::setenv("SLURM_PROCID", "7", 1);
    ::setenv("MLX_JACCL_COORDINATOR", "x", 1);
    ::setenv("MLX_HOSTFILE", "/old", 1);
    const auto end = run_ranks(
        {backend,
         1,
         {"hello",
          "show=SLURM_PROCID",
          "show=MLX_JACCL_COORDINATOR",
          "show=MLX_HOSTFILE",
          "goodbye=0"}});
    ::unsetenv("SLURM_PROCID");
    ::unsetenv("MLX_JACCL_COORDINATOR");
    ::unsetenv("MLX_HOSTFILE");
    CHECK(
        end.out ==
        "SLURM_PROCID=(none)\nMLX_JACCL_COORDINATOR=(none)\n"
        "MLX_HOSTFILE=(none)\n");
  });
}

TEST_CASE("what cannot be started is an error, not a run") {
  LocalOptions options;
  options.backend = Backend::ring;
  options.program = "/no/such/program";
  try {
    run_local(options);
    FAIL("started");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::network);
    CHECK(std::string(error.what())
              .starts_with("/no/such/program: cannot be "
                           "started"));
  }
  for (const int n : {0, -1, 100000}) {
    options.n_ranks = n;
    CHECK_THROWS_AS(run_local(options), Error);
  }
  options.n_ranks = 2;
  options.backend = Backend::jaccl;
  CHECK_THROWS_AS(run_local(options), Error);
}

TEST_CASE("without mpirun: auto takes the ring, mpi says how to get it") {
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  const auto end = run_ranks(
      {Backend::automatic, 2, {"hello", "0:show=MLX_RANK", "goodbye=0"}});
  LocalOptions options;
  options.backend = Backend::mpi;
  try {
    run_local(options);
    FAIL("started");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::network);
    const std::string text = error.what();
    CHECK(text.find("mpirun is not in PATH") != std::string::npos);
    CHECK(text.find("apt install openmpi-bin") != std::string::npos);
    CHECK(text.find("brew install open-mpi") != std::string::npos);
  }
  ::setenv("PATH", path.c_str(), 1);
  CHECK(end.exit_code == 0);
  CHECK(end.out == "MLX_RANK=0\n");
}
