#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/backend.h"

namespace lockstep::plan {

constexpr std::size_t kMostHosts = 256;

/// Whether what ssh would be called with means this machine, which is reached
/// without ssh: "localhost" or "127.0.0.1".
bool is_here(std::string_view ssh);

/// One entry of a hosts file: a rank and the machine it lies on.
struct Host {
  /// What ssh is called with; "localhost" or "127.0.0.1" is this machine.
  std::string ssh;
  /// IPv4 addresses at which the other hosts reach it, the best first.
  std::vector<std::string> ips;
  /// rdma[j]: the devices that lead to rank j; empty for itself.
  std::vector<std::vector<std::string>> rdma;

  // Our own keys, which mlx.launch ignores.
  std::uint64_t memory = 0;    // bytes that its rank may take; 0 = what is free
  int threads = 0;             // 0 = all of the host's cores
  std::optional<double> share; // of the work, against the others'
  std::string dir; // where program and weights lie; empty: the usual place
  std::optional<int> gpu; // which one
  int port = 0;           // the first that ranks listen on; 0 = any

  bool is_here() const { return plan::is_here(ssh); }
};

/// What a hosts file says. Rank i is hosts[i].
struct Hosts {
  Backend backend = Backend::automatic; // automatic: the file does not say
  bool jaccl_ring = false;              // "jaccl-ring"
  std::vector<std::string> envs;        // "NAME=VALUE", for every rank
  std::vector<Host> hosts;              // one at least
};

/// Reads a hosts file as mlx.launch reads and writes it: a list of hosts, or an
/// object with "hosts". Throws Error{usage} naming `path`, line, host and key.
Hosts read_hosts(const std::filesystem::path& path);
/// The same from text; `where` names it in errors.
Hosts parse_hosts(std::string_view text, const std::string& where);

/// The text of a hosts file that says this, one host to a line; keys that say
/// nothing are left out.
std::string hosts_text(const Hosts& hosts);

} // namespace lockstep::plan
