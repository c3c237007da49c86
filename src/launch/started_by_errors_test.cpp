// Environments that contradict themselves or say only half.
#include <string>

#include <doctest/doctest.h>

#include "launch/started_by.h"
#include "launch/started_by_test.h"

using namespace lockstep;
using namespace lockstep::launch;

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
