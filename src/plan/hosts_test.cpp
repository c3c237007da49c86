#include "plan/hosts.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <doctest/doctest.h>
#include <unistd.h>

#include "plan/host_names.h"
#include "support/refused.h"

namespace lockstep::plan {

namespace {

void check_same(const Hosts& a, const Hosts& b) {
  CHECK(a.backend == b.backend);
  CHECK(a.jaccl_ring == b.jaccl_ring);
  CHECK(a.envs == b.envs);
  REQUIRE(a.hosts.size() == b.hosts.size());
  for (std::size_t i = 0; i < a.hosts.size(); ++i) {
    CHECK(a.hosts[i].ssh == b.hosts[i].ssh);
    CHECK(a.hosts[i].ips == b.hosts[i].ips);
    CHECK(a.hosts[i].rdma == b.hosts[i].rdma);
    CHECK(a.hosts[i].memory == b.hosts[i].memory);
    CHECK(a.hosts[i].threads == b.hosts[i].threads);
    CHECK(a.hosts[i].share == b.hosts[i].share);
    CHECK(a.hosts[i].dir == b.hosts[i].dir);
    CHECK(a.hosts[i].gpu == b.hosts[i].gpu);
    CHECK(a.hosts[i].port == b.hosts[i].port);
  }
}

Hosts parsed(const std::string& text) {
  auto hosts = parse_hosts(text, "hosts.json");
  check_same(parse_hosts(hosts_text(hosts), "again"), hosts);
  return hosts;
}

} // namespace

TEST_CASE("a list of hosts is read as mlx.launch reads it") {
  const auto hosts = parsed(R"([
    {"ssh": "mac1", "ips": ["192.168.5.1", "10.0.0.1"]},
    {"ssh": "me@mac2.local", "ips": ["192.168.5.2"], "python": "/opt/py"},
    {"ssh": "127.0.0.1"}
  ])");
  CHECK(hosts.backend == Backend::automatic);
  CHECK(hosts.envs.empty());
  REQUIRE(hosts.hosts.size() == 3);
  CHECK(hosts.hosts[0].ssh == "mac1");
  CHECK(
      hosts.hosts[0].ips ==
      std::vector<std::string>{"192.168.5.1", "10.0.0.1"});
  CHECK(hosts.hosts[1].ssh == "me@mac2.local");
  CHECK(hosts.hosts[2].ips.empty());
  CHECK(hosts.hosts[2].is_here());
  CHECK_FALSE(hosts.hosts[0].is_here());
}

// Seen to fail with: jaccl_ring left out by hosts_text.
TEST_CASE("an object with backend and envs is read, and RDMA devices") {
  const auto hosts = parsed(R"({
    "backend": "jaccl-ring",
    "envs": ["MLX_METAL_FAST_SYNCH=1", "EMPTY=", "A=b=c \"d\""],
    "made_by": "somebody else",
    "hosts": [
      {"ssh": "a", "ips": ["10.0.0.1"], "rdma": [null, "rdma_en2", []]},
      {"ssh": "b", "ips": [], "rdma": [["rdma_en3", "rdma_en4"], null, null]},
      {"ssh": "c", "rdma": []}
    ]
  })");
  CHECK(hosts.backend == Backend::jaccl);
  CHECK(hosts.jaccl_ring);
  CHECK(
      hosts.envs == std::vector<std::string>{
                        "MLX_METAL_FAST_SYNCH=1", "EMPTY=", "A=b=c \"d\""});
  using Devices = std::vector<std::vector<std::string>>;
  CHECK(hosts.hosts[0].rdma == Devices{{}, {"rdma_en2"}, {}});
  CHECK(hosts.hosts[1].rdma == Devices{{"rdma_en3", "rdma_en4"}, {}, {}});
  CHECK(hosts.hosts[2].rdma.empty());
  for (const char* name : {"ring", "mpi", "nccl", "jaccl"}) {
    const auto one = parsed(
        std::string(R"({"hosts": [{"ssh": "a"}], "backend": ")") + name +
        "\"}");
    CHECK(name_of(one.backend) == name);
    CHECK_FALSE(one.jaccl_ring);
  }
}

TEST_CASE("our own keys are read; null says nothing") {
  const auto hosts = parsed(R"([
    {"ssh": "a", "memory": 16000000000, "threads": 8, "share": 1.5,
     "dir": "~/lock step", "gpu": 0, "port": 1024},
    {"ssh": "b", "memory": "16.5G", "share": 2, "dir": "/opt/lockstep",
     "gpu": 7, "port": 65535},
    {"ssh": "c", "memory": null, "threads": null, "share": null, "dir": null,
     "gpu": null, "port": null, "ips": null, "rdma": null, "cpu": "M3"}
  ])");
  const auto& a = hosts.hosts[0];
  CHECK(a.memory == 16'000'000'000);
  CHECK(a.threads == 8);
  CHECK(a.share == 1.5);
  CHECK(a.dir == "~/lock step");
  CHECK(a.gpu == 0);
  CHECK(a.port == 1024);
  const auto& b = hosts.hosts[1];
  CHECK(b.memory == 16'500'000'000);
  CHECK(b.share == 2.0);
  CHECK(b.gpu == 7);
  const auto& c = hosts.hosts[2];
  CHECK(c.memory == 0);
  CHECK_FALSE(c.share.has_value());
  CHECK_FALSE(c.gpu.has_value());
  CHECK(c.port == 0);
}

// Seen to fail with: is_here() not asked, so that two names of this machine
// could not share an address.
TEST_CASE("several ranks may lie on one host, with one address and GPU") {
  const auto hosts = parsed(R"([
    {"ssh": "a", "ips": ["10.0.0.1"], "gpu": 0},
    {"ssh": "a", "ips": ["10.0.0.1"], "gpu": 0},
    {"ssh": "localhost", "ips": ["127.0.0.1"]},
    {"ssh": "127.0.0.1", "ips": ["127.0.0.1"]}
  ])");
  CHECK(hosts.hosts.size() == 4);
}

TEST_CASE("a written file has one host to a line") {
  Hosts hosts;
  hosts.hosts.resize(2);
  hosts.hosts[0].ssh = "a";
  hosts.hosts[0].ips = {"10.0.0.1"};
  hosts.hosts[1].ssh = "b";
  hosts.hosts[1].memory = 5'000'000;
  CHECK(
      hosts_text(hosts) ==
      "[\n"
      "  {\"ssh\": \"a\", \"ips\": [\"10.0.0.1\"]},\n"
      "  {\"ssh\": \"b\", \"memory\": 5000000}\n"
      "]\n");
  hosts.backend = Backend::ring;
  hosts.envs = {"A=1", "B=2"};
  hosts.hosts.pop_back();
  CHECK(
      hosts_text(hosts) ==
      "{\n"
      "  \"backend\": \"ring\",\n"
      "  \"envs\": [\"A=1\", \"B=2\"],\n"
      "  \"hosts\": [\n"
      "    {\"ssh\": \"a\", \"ips\": [\"10.0.0.1\"]}\n"
      "  ]\n"
      "}\n");
}

TEST_CASE("a file that cannot be read is named") {
  const std::string path = "/no/such/hosts.json";
  CHECK(testing::error_of(ErrorKind::usage, [&] {
          read_hosts(path);
        }) == path + ": cannot be opened: No such file or directory");
  std::array<char, 32> large{"/tmp/lockstep-hosts-XXXXXX"};
  const int fd = ::mkstemp(large.data());
  REQUIRE(fd >= 0);
  CHECK(::ftruncate(fd, (4 << 20) + 1) == 0);
  ::close(fd);
  CHECK(
      testing::error_of(ErrorKind::usage, [&] { read_hosts(large.data()); }) ==
      std::string(large.data()) +
          ": has 4194305 bytes, expected at most 4194304");
  std::remove(large.data());
}

// Seen to fail with: a swap of letters not looked for; another letter counted
// in names of three.
TEST_CASE("a key that is nearly another is told") {
  for (const std::string text :
       {"thread", "threadss", "hreads", "thraeds", "THREADS", "thteads"}) {
    CAPTURE(text);
    CHECK(is_nearly(text, "threads"));
  }
  CHECK_FALSE(is_nearly("thrsead", "threads"));
  CHECK_FALSE(is_nearly("threats2", "threads"));
  CHECK(is_nearly("gpus", "gpu"));
  CHECK(is_nearly("gp", "gpu"));
  CHECK_FALSE(is_nearly("cpu", "gpu"));
  CHECK_FALSE(is_nearly("", "gpu"));
  CHECK_FALSE(is_nearly("name", "memory"));
}

} // namespace lockstep::plan
