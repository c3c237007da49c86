#include "launch/started_by.h"

#include <cstdlib>
#include <string>

#include <doctest/doctest.h>

#include "launch/started_by_test.h"

using namespace lockstep;
using namespace lockstep::launch;

namespace {

void check(
    const Environment& environment,
    Starter starter,
    Backend backend,
    int rank,
    int size) {
  const auto found = started_by(environment);
  CHECK(found.starter == starter);
  CHECK(found.backend == backend);
  CHECK(found.rank == rank);
  CHECK(found.size == size);
  CHECK(found.is_rank() == (backend != Backend::automatic));
}

} // namespace

TEST_CASE("nothing in the environment: alone") {
  check({}, Starter::nobody, Backend::automatic, 0, 1);
  check(
      {{"PATH", "/bin"}, {"OMPI_MCA_btl", "self"}, {"NCCL_DEBUG", "INFO"}},
      Starter::nobody,
      Backend::automatic,
      0,
      1);
}

TEST_CASE("Open MPI's mpirun") {
  check(
      {{"OMPI_COMM_WORLD_RANK", "1"},
       {"OMPI_COMM_WORLD_SIZE", "3"},
       {"PMIX_RANK", "1"},
       {"PMIX_NAMESPACE", "123"}},
      Starter::open_mpi,
      Backend::mpi,
      1,
      3);
  check(
      {{"OMPI_COMM_WORLD_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", "1"}},
      Starter::open_mpi,
      Backend::mpi,
      0,
      1);
}

TEST_CASE("our own launcher, whatever carries the group") {
  const TextFile hosts(kTwo);
  check(
      {{"LOCKSTEP_LIFELINE", "unix:/x"},
       {"OMPI_COMM_WORLD_RANK", "1"},
       {"OMPI_COMM_WORLD_SIZE", "2"}},
      Starter::lockstep,
      Backend::mpi,
      1,
      2);
  check(
      {{"LOCKSTEP_LIFELINE", "unix:/x"},
       {"MLX_RANK", "0"},
       {"MLX_HOSTFILE", hosts.path()}},
      Starter::lockstep,
      Backend::ring,
      0,
      2);
  check(
      {{"LOCKSTEP_LIFELINE", "unix:/x"}},
      Starter::lockstep,
      Backend::automatic,
      0,
      1);
  for (const auto backend : {Backend::ring, Backend::nccl, Backend::jaccl}) {
    check(
        {{"LOCKSTEP_LIFELINE", "tcp:10.0.0.1:7"},
         {"LOCKSTEP_SEAT_BACKEND", std::string(name_of(backend))},
         {"LOCKSTEP_SEAT_IP", "10.0.0.2"},
         {"LOCKSTEP_SEAT_SIZE", "3"},
         {"MLX_RANK", "1"}},
        Starter::lockstep,
        backend,
        1,
        3);
  }
}

TEST_CASE("mlx.launch: ring") {
  const TextFile hosts(kTwo);
  check(
      {{"MLX_RANK", "1"},
       {"MLX_HOSTFILE", hosts.path()},
       {"MLX_RING_VERBOSE", "1"},
       {"COLUMNS", "80"}},
      Starter::mlx,
      Backend::ring,
      1,
      2);
  const TextFile wires(
      R"([["10.0.0.1:1","10.0.1.1:2"],["10.0.0.2:3","10.0.1.2:4"],["a:5"]])");
  check(
      {{"MLX_RANK", "2"}, {"MLX_HOSTFILE", wires.path()}},
      Starter::mlx,
      Backend::ring,
      2,
      3);
}

TEST_CASE("mlx.launch with one host leaves a blank file: alone") {
  const TextFile blank("\n");
  check(
      {{"MLX_RANK", "0"}, {"MLX_HOSTFILE", blank.path()}},
      Starter::mlx,
      Backend::automatic,
      0,
      1);
  check_refused(
      {{"MLX_RANK", "1"}, {"MLX_HOSTFILE", blank.path()}},
      {"MLX_RANK=1", "expected 0 to 0"});
}

TEST_CASE("mlx.launch: nccl and jaccl") {
  check(
      {{"MLX_RANK", "1"},
       {"MLX_WORLD_SIZE", "2"},
       {"NCCL_HOST_IP", "10.0.0.1"},
       {"NCCL_PORT", "12345"},
       {"CUDA_VISIBLE_DEVICES", "1"}},
      Starter::mlx,
      Backend::nccl,
      1,
      2);
  const TextFile devices(
      R"([[null,"rdma_en5",["a","b"]],["rdma_en5",null,"c"],["x","y",null]])");
  check(
      {{"MLX_RANK", "2"},
       {"MLX_IBV_DEVICES", devices.path()},
       {"MLX_JACCL_COORDINATOR", "10.0.0.1:5000"}},
      Starter::mlx,
      Backend::jaccl,
      2,
      3);
  check(
      {{"JACCL_RANK", "0"},
       {"JACCL_IBV_DEVICES", devices.path()},
       {"JACCL_COORDINATOR", "10.0.0.1:5000"}},
      Starter::mlx,
      Backend::jaccl,
      0,
      3);
}

TEST_CASE("Slurm: a task with MPI is a rank") {
  check(
      {{"SLURM_JOB_ID", "7"},
       {"SLURM_PROCID", "3"},
       {"SLURM_NTASKS", "4"},
       {"SLURM_STEP_ID", "0"},
       {"SLURM_STEP_NUM_TASKS", "4"},
       {"PMIX_RANK", "3"}},
      Starter::slurm,
      Backend::mpi,
      3,
      4);
}

// Seen to fail with: SLURM_NTASKS taken for the size of a group.
TEST_CASE("Slurm: a batch script or a shell in an allocation is alone") {
  check(
      {{"SLURM_JOB_ID", "7"}, {"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}},
      Starter::nobody,
      Backend::automatic,
      0,
      1);
  check(
      {{"SLURM_JOB_ID", "7"},
       {"SLURM_PROCID", "0"},
       {"SLURM_NTASKS", "4"},
       {"SLURM_STEP_ID", "4294967290"},
       {"SLURM_STEP_NUM_TASKS", "1"}},
      Starter::nobody,
      Backend::automatic,
      0,
      1);
}

TEST_CASE("Slurm: several tasks without MPI are an error") {
  check_refused(
      {{"SLURM_PROCID", "1"},
       {"SLURM_STEP_ID", "0"},
       {"SLURM_STEP_NUM_TASKS", "2"}},
      {"srun started 2 tasks", "--mpi=pmix"});
}

TEST_CASE("other MPIs are refused when it is certain") {
  check_refused(
      {{"PMI_RANK", "0"}, {"PMI_SIZE", "2"}, {"MPI_LOCALRANKID", "0"}},
      {"PMI_RANK=0", "MPI_LOCALRANKID=0", "Open MPI"},
      ErrorKind::unsupported);
  check({{"PMI_RANK", "0"}}, Starter::nobody, Backend::automatic, 0, 1);
}

TEST_CASE("PMIx without a size") {
  check_refused({{"PMIX_RANK", "1"}}, {"PMIX_RANK=1", "OMPI_COMM_WORLD_SIZE"});
}

TEST_CASE("this process's environment is read as it is") {
  ::setenv("LOCKSTEP_TEST_VARIABLE", "a=b", 1);
  CHECK(current_environment().at("LOCKSTEP_TEST_VARIABLE") == "a=b");
  ::unsetenv("LOCKSTEP_TEST_VARIABLE");
  CHECK(current_environment().count("LOCKSTEP_TEST_VARIABLE") == 0);
}
