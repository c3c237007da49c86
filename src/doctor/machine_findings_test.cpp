#include "doctor/machine_findings.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "doctor/environment_findings.h"
#include "doctor/mac_findings.h"

namespace lockstep::doctor {

namespace {

MachineFacts good() {
  MachineFacts facts;
  facts.version = "0.1.0";
  facts.mlx = "0.32.4";
  facts.system.name = "box";
  facts.system.os = "Linux";
  facts.system.machine = "x86_64";
  facts.system.cores = 8;
  facts.system.memory_bytes = 16'000'000'000;
  facts.system.free_bytes = 12'000'000'000;
  facts.device.name = "Some CPU";
  facts.kernels = "AVX2";
  facts.cores = 4;
  facts.open_files = 1024;
  facts.spaces = {
      {"models in", "/home", 50'000'000'000},
      {"memory of runs in", "/dev/shm", 8'000'000'000}};
  facts.mpi = "mpirun (Open MPI) 4.1.4";
  facts.seconds = 1'800'000'000;
  return facts;
}

/// Those of a topic that are not ok.
std::vector<Finding> complaints(
    const std::vector<Finding>& all, const std::string& topic) {
  std::vector<Finding> found;
  std::copy_if(
      all.begin(),
      all.end(),
      std::back_inserter(found),
      [&](const Finding& finding) {
        return finding.topic == topic && finding.level != Level::ok;
      });
  return found;
}

/// The one complaint about these facts, which is of this topic and level.
Finding only(const MachineFacts& facts, const std::string& topic, Level level) {
  const auto all = machine_findings(facts);
  const auto found = complaints(all, topic);
  CHECK(count(all, Level::ok) == static_cast<int>(all.size()) - 1);
  REQUIRE(found.size() == 1);
  CHECK(found.front().level == level);
  CHECK_FALSE(found.front().advice.empty());
  return found.front();
}

} // namespace

TEST_CASE("a good machine has nothing to complain of") {
  const auto findings = machine_findings(good());
  CHECK(count(findings, Level::ok) == static_cast<int>(findings.size()));
  CHECK_FALSE(verdict(findings));
  for (const auto& finding : findings) {
    CHECK_FALSE(finding.text.empty());
    CHECK(finding.advice.empty());
  }
}

// Seen to fail with: < for <= at the limit of files; space in memory held to the
// bound of disks.
TEST_CASE("each want of a machine is told alone") {
  auto facts = good();
  facts.open_files = 255;
  only(facts, "files", Level::warning);
  facts.open_files = 256;
  CHECK(complaints(machine_findings(facts), "files").empty());

  facts = good();
  facts.system.free_bytes = 100'000'000;
  only(facts, "memory", Level::warning);

  facts = good();
  facts.spaces[0].free_bytes = 900'000'000;
  only(facts, "disk", Level::warning);
  facts = good();
  facts.spaces[1].free_bytes = 900'000'000;
  CHECK(complaints(machine_findings(facts), "disk").empty());
  facts.spaces[1].free_bytes = 64'000'000;
  CHECK(
      only(facts, "disk", Level::warning).advice.find("--shm-size") !=
      std::string::npos);

  facts = good();
  facts.temporary_failure = "/tmp: no directory can be made there";
  only(facts, "disk", Level::problem);

  facts = good();
  facts.are_portable = true;
  only(facts, "cpu", Level::warning);

  facts = good();
  facts.seconds = 1000;
  CHECK(only(facts, "clock", Level::warning).text == "1970-01-01 00:16 UTC");

  facts = good();
  facts.system_failure = "localhost: gave no answer";
  only(facts, "system", Level::warning);
}

// Seen to fail with: a missing mpirun a problem for whoever does not need it.
TEST_CASE("mpi is missed by those who asked for it") {
  auto facts = good();
  facts.mpi_failure = "mpirun is not in PATH; install it (apt install x)";
  const auto finding = only(facts, "mpi", Level::warning);
  CHECK(finding.text == "mpirun is not in PATH");
  CHECK(finding.advice == "install it (apt install x)");
  facts.needs_mpi = true;
  only(facts, "mpi", Level::problem);
  CHECK(verdict(machine_findings(facts)) == ErrorKind::network);
}

TEST_CASE("a GPU that MLX cannot use is told") {
  auto facts = good();
  facts.system.gpus = {{"NVIDIA H100", 0, 0}, {"NVIDIA H100", 0, 0}};
  CHECK(
      only(facts, "gpu", Level::warning).text ==
      "2 NVIDIA H100s, which MLX cannot use: this lockstep is built for CPUs");
  facts.device = {"NVIDIA H100", true, 2};
  CHECK(complaints(machine_findings(facts), "gpu").empty());
  facts.device_failure = "this lockstep computes on NVIDIA GPUs and sees none";
  only(facts, "gpu", Level::problem);
}

TEST_CASE("a model is there or not") {
  auto facts = good();
  facts.model = ModelFacts{"m", "0123456789abcdef", 96'600'000, ""};
  CHECK(
      machine_findings(facts).back().text ==
      "m, 96.6 MB, fingerprint 0123456789abcdef");
  facts.model->failure = "no such model: m";
  only(facts, "model", Level::problem);
  CHECK(verdict(machine_findings(facts)) == ErrorKind::config);
}

// Seen to fail with: Slurm's variables taken for those of a rank; a folder of
// models too.
TEST_CASE("variables that disturb are named") {
  using Environment = launch::Environment;
  const auto quiet = environment_findings(
      {{"PATH", "/bin"},
       {"SLURM_JOB_ID", "7"},
       {"LOCKSTEP_SSH", "ssh -F x"},
       {"LOCKSTEP_MODELS", "/x"}});
  REQUIRE(quiet.size() == 1);
  CHECK(quiet.front().level == Level::ok);
  const auto told = [](const Environment& environment, Level level) {
    const auto found = environment_findings(environment);
    REQUIRE(found.size() == 1);
    CHECK(found.front().level == level);
    CHECK_FALSE(found.front().advice.empty());
    return found.front().text;
  };
  CHECK(told({{"MLX_METAL_FAST_SYNCH", "1"}}, Level::warning)
            .starts_with("MLX_METAL_FAST_SYNCH is set"));
  CHECK(told({{"OMPI_MCA_btl", "tcp"}}, Level::warning) == "OMPI_MCA_btl set");
  CHECK(
      told({{"LOCKSTEP_LIFELINE", "unix:/x"}}, Level::warning) ==
      "LOCKSTEP_LIFELINE set, as for a rank");
  CHECK(
      told(
          {{"OMPI_COMM_WORLD_RANK", "9"}, {"OMPI_COMM_WORLD_SIZE", "2"}},
          Level::problem)
          .find("OMPI_COMM_WORLD_RANK") != std::string::npos);
  CHECK(
      told(
          {{"MLX_A", ""},
           {"MLX_B", ""},
           {"MLX_C", ""},
           {"MLX_D", ""},
           {"MLX_E", ""}},
          Level::warning) == "MLX_A, MLX_B, MLX_C, MLX_D and 1 more set");
}

TEST_CASE("a Mac that falls asleep is told") {
  auto facts = good();
  facts.system.os = "Darwin";
  facts.sleep_settings =
      "System-wide power settings:\nCurrently in use:\n"
      " standby              0\n Sleep On Power Button 1\n"
      " disksleep            10\n sleep                1 (sleep prevented by "
      "sshd)\n displaysleep         10\n";
  CHECK(
      only(facts, "sleep", Level::warning).text ==
      "sleeps after 1 idle minutes, which ends a run");
  CHECK(minutes_to_sleep(" sleep\t0\n") == 0);
  CHECK(minutes_to_sleep(" displaysleep 5\n") == 0);
  CHECK(minutes_to_sleep("sleep 99999999999999\nsleep") == 0);
  CHECK(minutes_to_sleep("") == 0);
  facts.sleep_settings = " sleep 0";
  const auto findings = machine_findings(facts);
  CHECK(count(findings, Level::ok) == static_cast<int>(findings.size()));
}

} // namespace lockstep::doctor
