#include "launch/seat.h"

#include <cstdlib>
#include <string>

#include <doctest/doctest.h>

#include "base/file.h"
#include "support/refused.h"

namespace lockstep::launch {

using testing::check_refused;

namespace {

constexpr std::uint64_t kMostBytes = 1 << 20;

Environment environment_of(
    const std::string& backend, const std::string& rank) {
  return {
      {kSeatBackendVariable, backend},
      {kSeatSizeVariable, "3"},
      {kSeatIpVariable, "127.0.0.1"},
      {kSeatPortVariable, "0"},
      {kSeatDevicesVariable, R"([[null,"rdma_en2"],["rdma_en2",null]])"},
      {"MLX_RANK", rank}};
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

} // namespace

// Seen to fail with: a port for rank 0 alone.
TEST_CASE("every rank of a ring has a port and gets the host file") {
  auto seat = Seat::from(environment_of("ring", "2"));
  REQUIRE(seat);
  CHECK(seat->port() > 0);
  seat->take(R"([["127.0.0.1:7"]])");
  CHECK(
      read_text_file(variable("MLX_HOSTFILE"), kMostBytes) ==
      R"([["127.0.0.1:7"]])");
  CHECK(seat->port() == 0);
}

// Seen to fail with: ports for all ranks; NCCL_PORT with the address.
TEST_CASE("with NCCL and jaccl only rank 0 listens, and all hear where") {
  auto first = Seat::from(environment_of("nccl", "0"));
  REQUIRE(first);
  CHECK(first->port() > 0);
  auto other = Seat::from(environment_of("nccl", "1"));
  REQUIRE(other);
  CHECK(other->port() == 0);
  other->take("10.0.0.1:4711");
  CHECK(variable("NCCL_HOST_IP") == "10.0.0.1");
  CHECK(variable("NCCL_PORT") == "4711");
  CHECK(variable("MLX_WORLD_SIZE") == "3");

  auto third = Seat::from(environment_of("jaccl", "2"));
  REQUIRE(third);
  CHECK(third->port() == 0);
  third->take("10.0.0.1:4711");
  CHECK(variable("MLX_JACCL_COORDINATOR") == "10.0.0.1:4711");
  CHECK(
      read_text_file(variable("MLX_IBV_DEVICES"), kMostBytes) ==
      R"([[null,"rdma_en2"],["rdma_en2",null]])");
  check_refused(
      ErrorKind::network, {"\"nowhere\""}, [&] { third->take("nowhere"); });
}

TEST_CASE("an environment without a seat, and seats that are none") {
  CHECK(!Seat::from({{"MLX_RANK", "1"}}));
  check_refused(ErrorKind::usage, {kSeatBackendVariable, "mpi"}, [] {
    Seat::from(environment_of("mpi", "1"));
  });
  auto bad = environment_of("ring", "1");
  bad[kSeatPortVariable] = "x";
  check_refused(
      ErrorKind::usage, {kSeatPortVariable, "x"}, [&] { Seat::from(bad); });
}

} // namespace lockstep::launch
