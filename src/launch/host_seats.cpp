#include <fcntl.h>
#include <fmt/format.h>

#include "base/json.h"
#include "launch/find_program.h"
#include "launch/host_ranks.h"
#include "launch/local.h"
#include "launch/seat.h"
#include "launch/spawn.h"
#include "launch/ssh.h"
#include "launch/terminal.h"
#include "link/lifeline.h"

namespace lockstep::launch {

namespace {

constexpr char kKeep[] = "keep-rank";

// The command that becomes a keeper on this host.
std::vector<std::string> keeper_command(const plan::Host& host) {
  if (host.is_here()) {
    return {self_path().string(), kKeep};
  }
  auto command = ssh_command(host.ssh);
  command.push_back(fmt::format("exec {} {}", program_on(host), kKeep));
  return command;
}

void write_order(const link::Descriptor& to, const Order& order) {
  // More than a pipe holds waits for the keeper, or for ssh to give up.
  link::set_nonblocking(to.get(), false);
  const auto line = to_line(order);
  std::size_t done = 0;
  while (done < line.size()) {
    const auto n = ::write(to.get(), line.data() + done, line.size() - done);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      break; // it is gone; its end tells why
    }
    done += static_cast<std::size_t>(n);
  }
  link::set_nonblocking(to.get());
}

Child start_keeper(
    const plan::Host& host,
    int rank,
    const Order& order,
    const sigset_t& mask) {
  auto input = link::make_pipe();
  auto chatter = link::make_pipe();
  link::set_nonblocking(input.read.get(), false);
  link::set_nonblocking(chatter.write.get(), false);
  SpawnOptions options;
  options.argv = keeper_command(host);
  options.program = require_program(options.argv.front());
  options.environment = current_environment();
  options.stdin_fd = input.read.get();
  options.stdout_fd = chatter.write.get();
  options.stderr_fd = chatter.write.get();
  options.mask = mask;
  Child child{spawn(options), rank};
  child.keeper =
      KeeperLine{host.ssh, std::move(input.write), std::move(chatter.read), ""};
  write_order(child.keeper->input, order);
  return child;
}

// As MLX reads it: by rank and rank, the devices that lead from the one to the
// other.
std::string devices_text(const std::vector<plan::Host>& hosts) {
  auto matrix = Json::array();
  for (const auto& host : hosts) {
    auto row = Json::array();
    for (const auto& devices : host.rdma) {
      if (devices.empty()) {
        row.push_back(nullptr);
      } else if (devices.size() == 1) {
        row.push_back(devices.front());
      } else {
        row.push_back(devices);
      }
    }
    matrix.push_back(std::move(row));
  }
  return matrix.dump();
}

// Of a rank that has so many of its host before it.
Environment seat_of(
    const HostRanks& ranks, int rank, int before, Backend backend) {
  const auto& host = ranks.hosts[static_cast<std::size_t>(rank)];
  const int port = host.port > 0 ? host.port + before : 0;
  Environment seat{
      {"MLX_RANK", std::to_string(rank)},
      {kSeatBackendVariable, std::string(name_of(backend))},
      {kSeatSizeVariable, std::to_string(ranks.hosts.size())},
      {kSeatIpVariable, host.ips.front()},
      {kSeatPortVariable, std::to_string(port)}};
  if (backend == Backend::nccl) {
    seat["CUDA_VISIBLE_DEVICES"] = std::to_string(before); // unless `gpu` says
  } else if (backend == Backend::jaccl) {
    seat[kSeatDevicesVariable] = devices_text(ranks.hosts);
    if (ranks.jaccl_ring) {
      seat["MLX_JACCL_RING"] = "1";
    }
  }
  return seat;
}

} // namespace

Environment environment_of(const HostRanks& ranks, int rank, Doors& doors) {
  const auto& host = ranks.hosts[static_cast<std::size_t>(rank)];
  Environment environment;
  for (const auto& text : ranks.envs) {
    const auto equals = text.find('=');
    environment[text.substr(0, equals)] = text.substr(equals + 1);
  }
  environment[link::kLifelineVariable] = doors.address_for(host.ips.front());
  if (!host.is_here()) {
    environment[kModelsVariable] = models_on(host);
  }
  if (const int columns = terminal_columns(); columns > 0) {
    environment[kTerminalVariable] = std::to_string(columns);
  }
  if (host.threads > 0) {
    environment["LOCKSTEP_THREADS"] = std::to_string(host.threads);
  }
  if (host.memory > 0) {
    environment["LOCKSTEP_MAX_MEMORY"] = std::to_string(host.memory);
  }
  if (host.share) {
    environment["LOCKSTEP_SHARE"] = fmt::format("{}", *host.share);
  }
  if (host.gpu) {
    environment["CUDA_VISIBLE_DEVICES"] = std::to_string(*host.gpu);
  }
  return environment;
}

Started start_seats_on_hosts(
    const HostRanks& ranks, Backend backend, Doors& doors) {
  Started started;
  started.streams = link::Streams::forwarded;
  started.seat_backend = backend;
  for (std::size_t i = 0; i < ranks.hosts.size(); ++i) {
    const auto& host = ranks.hosts[i];
    const int rank = static_cast<int>(i);
    int before = 0; // ranks of the same host
    for (std::size_t j = 0; j < i; ++j) {
      before += ranks.hosts[j].ssh == host.ssh ? 1 : 0;
    }
    Order order{
        ranks.argv, environment_of(ranks, rank, doors), ranks.directory};
    order.environment.merge(seat_of(ranks, rank, before, backend));
    order.environment[link::kSecretVariable] = doors.secret().text();
    started.children.push_back(start_keeper(host, rank, order, ranks.mask));
    started.seat_ips.push_back(host.ips.front());
  }
  return started;
}

} // namespace lockstep::launch
