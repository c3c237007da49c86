#include "launch/started_by.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <unistd.h>

#include "base/error.h"

using namespace lockstep;
using namespace lockstep::launch;

namespace {

// A file that is gone with the test.
class TextFile {
 public:
  explicit TextFile(const std::string& text) {
    path_ = (std::filesystem::temp_directory_path() / "ranks-XXXXXX").string();
    ::close(::mkstemp(path_.data()));
    std::ofstream(path_) << text;
  }
  ~TextFile() { std::filesystem::remove(path_); }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

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

void check_refused(
    const Environment& environment,
    const std::vector<std::string>& words,
    ErrorKind kind = ErrorKind::usage) {
  try {
    started_by(environment);
    FAIL("taken");
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    const std::string text = error.what();
    for (const auto& word : words) {
      CAPTURE(text);
      CAPTURE(word);
      CHECK(text.find(word) != std::string::npos);
    }
  }
}

constexpr char kTwo[] = R"([["127.0.0.1:5000"], ["127.0.0.1:5001"]])";

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

TEST_CASE("numbers that are none are refused with name and value") {
  for (const char* bad : {"", "x", "-1", "1x", " 1", "99999999999", "1.0"}) {
    CAPTURE(bad);
    check_refused(
        {{"OMPI_COMM_WORLD_RANK", bad}, {"OMPI_COMM_WORLD_SIZE", "2"}},
        {"OMPI_COMM_WORLD_RANK=" + std::string(bad)});
    check_refused(
        {{"OMPI_COMM_WORLD_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", bad}},
        {"OMPI_COMM_WORLD_SIZE=" + std::string(bad)});
  }
  check_refused(
      {{"OMPI_COMM_WORLD_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", "0"}},
      {"OMPI_COMM_WORLD_SIZE=0", "from 1"});
}

TEST_CASE("a rank outside its group") {
  check_refused(
      {{"OMPI_COMM_WORLD_RANK", "2"}, {"OMPI_COMM_WORLD_SIZE", "2"}},
      {"OMPI_COMM_WORLD_RANK=2", "OMPI_COMM_WORLD_SIZE=2", "0 to 1"});
  const TextFile hosts(kTwo);
  check_refused(
      {{"MLX_RANK", "2"}, {"MLX_HOSTFILE", hosts.path()}},
      {"MLX_RANK=2", hosts.path(), "lists 2 ranks"});
}

TEST_CASE("half a description is refused") {
  check_refused(
      {{"OMPI_COMM_WORLD_RANK", "0"}}, {"OMPI_COMM_WORLD_SIZE is not set"});
  check_refused(
      {{"OMPI_COMM_WORLD_SIZE", "2"}}, {"OMPI_COMM_WORLD_RANK is not set"});
  check_refused({{"MLX_RANK", "0"}}, {"MLX_RANK=0", "MLX_HOSTFILE"});
  check_refused({{"MLX_HOSTFILE", "/x"}}, {"MLX_HOSTFILE", "MLX_RANK"});
  check_refused({{"MLX_WORLD_SIZE", "2"}}, {"MLX_WORLD_SIZE", "MLX_RANK"});
  check_refused(
      {{"MLX_WORLD_SIZE", "2"}, {"MLX_RANK", "0"}, {"NCCL_HOST_IP", "h"}},
      {"NCCL_PORT is not set"});
  check_refused(
      {{"MLX_IBV_DEVICES", "/x"}, {"MLX_RANK", "0"}},
      {"MLX_IBV_DEVICES=/x", "MLX_JACCL_COORDINATOR"});
}

TEST_CASE("contradictions are refused with both sides") {
  const TextFile hosts(kTwo);
  check_refused(
      {{"OMPI_COMM_WORLD_RANK", "0"},
       {"OMPI_COMM_WORLD_SIZE", "2"},
       {"MLX_RANK", "1"},
       {"MLX_HOSTFILE", hosts.path()}},
      {"OMPI_COMM_WORLD_RANK=0", "MLX_RANK=1", "ring"});
  check_refused(
      {{"MLX_RANK", "1"},
       {"MLX_HOSTFILE", hosts.path()},
       {"MLX_WORLD_SIZE", "2"}},
      {"MLX_HOSTFILE=" + hosts.path(), "MLX_WORLD_SIZE=2"});
}

TEST_CASE("host files that are none are refused with the file") {
  for (const char* text :
       {"{}",
        "[]",
        "[1,2]",
        "[[]]",
        "[[\"a\"]]",
        "[[\"a:1\"],[5]]",
        "[[\"a:1\"],\"b:2\"]",
        "[[\"a:1\"]",
        "nonsense",
        "[[[[[\"a:1\"]]]]]"}) {
    CAPTURE(text);
    const TextFile file(text);
    check_refused(
        {{"MLX_RANK", "0"}, {"MLX_HOSTFILE", file.path()}}, {"MLX_HOSTFILE"});
  }
  check_refused(
      {{"MLX_RANK", "0"}, {"MLX_HOSTFILE", "/no/such/file"}},
      {"MLX_HOSTFILE", "/no/such/file"});
}

TEST_CASE("this process's environment is read as it is") {
  ::setenv("LOCKSTEP_TEST_VARIABLE", "a=b", 1);
  CHECK(current_environment().at("LOCKSTEP_TEST_VARIABLE") == "a=b");
  ::unsetenv("LOCKSTEP_TEST_VARIABLE");
  CHECK(current_environment().count("LOCKSTEP_TEST_VARIABLE") == 0);
}
