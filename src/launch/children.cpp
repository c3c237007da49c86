#include <functional>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/wait.h>

#include "base/error.h"
#include "launch/start.h"

namespace lockstep::launch {

namespace {

constexpr char kHere[] = "127.0.0.1";

// A rank that cannot be started takes those before it along.
class Children {
 public:
  ~Children() {
    for (const auto& child : list_) {
      ::kill(child.pid, SIGKILL);
      ::waitpid(child.pid, nullptr, 0);
    }
  }
  void add(Child child) { list_.push_back(std::move(child)); }
  std::vector<Child> take() { return std::move(list_); }

 private:
  std::vector<Child> list_;
};

using VariablesOf = std::function<Environment(int rank)>;

std::vector<Child> start_children(
    const RankProgram& ranks, int stdin_fd, const VariablesOf& variables_of) {
  const link::Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  Children children;
  for (int rank = 0; rank < ranks.n_ranks; ++rank) {
    SpawnOptions options;
    options.program = ranks.program;
    options.argv = ranks.argv;
    options.environment = ranks.environment;
    options.environment.merge(variables_of(rank));
    options.stdin_fd = rank == 0 ? stdin_fd : nothing.get();
    options.mask = ranks.mask;
    children.add({spawn(options), rank});
  }
  return children.take();
}

// One GPU each: of those that are visible, if that is said.
std::string device_of(int rank, const Environment& environment) {
  const auto visible = environment.find("CUDA_VISIBLE_DEVICES");
  if (visible == environment.end()) {
    return std::to_string(rank);
  }
  std::string left = visible->second;
  for (int i = 0; i < rank; ++i) {
    const auto comma = left.find(',');
    left = comma == std::string::npos ? "" : left.substr(comma + 1);
  }
  return left.substr(0, left.find(','));
}

} // namespace

Started start_ring(
    const RankProgram& ranks, const RunDirectory& directory, int stdin_fd) {
  Started started;
  // A ring of one has nobody to connect to: the rank is alone.
  if (ranks.n_ranks == 1) {
    started.children =
        start_children(ranks, stdin_fd, [](int) { return Environment(); });
    return started;
  }
  started.ring_ports =
      std::vector<ReservedPort>(static_cast<std::size_t>(ranks.n_ranks));
  auto hosts = nlohmann::json::array();
  for (const auto& port : started.ring_ports) {
    hosts.push_back({fmt::format("{}:{}", kHere, port.number())});
  }
  const auto file = directory.write("ring.json", hosts.dump() + "\n");
  started.children = start_children(ranks, stdin_fd, [&](int rank) {
    return Environment{
        {"MLX_RANK", std::to_string(rank)}, {"MLX_HOSTFILE", file.string()}};
  });
  return started;
}

Started start_nccl(const RankProgram& ranks, int stdin_fd) {
  Started started;
  if (device_of(ranks.n_ranks - 1, ranks.environment).empty()) {
    fail(
        ErrorKind::usage,
        "CUDA_VISIBLE_DEVICES is \"{}\", expected one device for each of {} "
        "ranks; start fewer ranks or name more devices",
        ranks.environment.at("CUDA_VISIBLE_DEVICES"),
        ranks.n_ranks);
  }
  // Rank 0 asks for the port alone, so it cannot stay reserved.
  const int port = free_port();
  auto all = ranks;
  all.environment.erase("CUDA_VISIBLE_DEVICES");
  started.children = start_children(all, stdin_fd, [&](int rank) {
    return Environment{
        {"MLX_RANK", std::to_string(rank)},
        {"MLX_WORLD_SIZE", std::to_string(ranks.n_ranks)},
        {"NCCL_HOST_IP", kHere},
        {"NCCL_PORT", std::to_string(port)},
        {"CUDA_VISIBLE_DEVICES", device_of(rank, ranks.environment)}};
  });
  return started;
}

} // namespace lockstep::launch
