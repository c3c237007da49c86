#include "plan/hosts.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/units.h"
#include "plan/host_names.h"
#include "plan/hosts_entry.h"

namespace lockstep::plan {

namespace {

constexpr std::array<std::string_view, 3> kFileKeys{"backend", "envs", "hosts"};
constexpr std::array<std::string_view, 9> kHostKeys{
    "ssh", "ips", "rdma", "memory", "threads", "share", "dir", "gpu", "port"};

constexpr std::string_view kSshName =
    "what ssh is called with, such as \"mac1\" or \"user@10.0.0.1\", without "
    "spaces, quotes or a leading \"-\"";

std::uint64_t read_memory(const HostsEntry& entry) {
  constexpr std::uint64_t kLeast = 1'000'000;
  constexpr std::uint64_t kMost = 1'000'000'000'000'000;
  const auto* value = entry.find("memory");
  if (value == nullptr) {
    return 0;
  }
  std::uint64_t bytes = 0;
  if (value->is_number_unsigned()) {
    bytes = value->get<std::uint64_t>();
  } else if (value->is_string()) {
    bytes = parse_bytes(value->get_ref<const std::string&>()).value_or(0);
  }
  if (bytes < kLeast || bytes > kMost) {
    entry.refuse("memory", "bytes from 1M on, such as 800000000 or \"16G\"");
  }
  return bytes;
}

std::vector<std::string> read_ips(const HostsEntry& entry) {
  constexpr auto kExpected =
      "an IPv4 address such as 10.0.0.1; MLX's ring takes no names and no IPv6";
  std::vector<std::string> ips;
  const auto* list = entry.list("ips", "a list of IPv4 addresses");
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const auto& value = list->at(i);
    if (!value.is_string() ||
        !is_host_ipv4(value.get_ref<const std::string&>())) {
      entry.refuse("ips", i, kExpected);
    }
    ips.push_back(value.get<std::string>());
    if (std::count(ips.begin(), ips.end(), ips.back()) > 1) {
      entry.refuse("ips", i, "each address once");
    }
  }
  return ips;
}

/// The devices that lead to one rank.
std::vector<std::string> read_devices(
    const HostsEntry& entry, const Json& value, std::size_t rank) {
  std::vector<std::string> devices;
  const auto add = [&](const Json& name) {
    if (!name.is_string() ||
        !is_device_name(name.get_ref<const std::string&>())) {
      entry.refuse(
          "rdma",
          rank,
          "null, an RDMA device such as \"rdma_en2\", or a list of such");
    }
    devices.push_back(name.get<std::string>());
  };
  if (value.is_array()) {
    std::for_each(value.begin(), value.end(), add);
  } else if (!value.is_null()) {
    add(value);
  }
  return devices;
}

std::vector<std::vector<std::string>> read_rdma(
    const HostsEntry& entry, std::size_t self, std::size_t n_hosts) {
  std::vector<std::vector<std::string>> rdma;
  const auto* list = entry.list(
      "rdma", "a list with null or the name of a device for each host");
  if (list == nullptr || list->empty()) {
    return rdma;
  }
  if (list->size() != n_hosts) {
    entry.complain(
        {"rdma"},
        fmt::format(
            "key \"rdma\" has {} {}, expected {}, one for each host",
            list->size(),
            list->size() == 1 ? "value" : "values",
            n_hosts));
  }
  for (std::size_t i = 0; i < n_hosts; ++i) {
    rdma.push_back(read_devices(entry, list->at(i), i));
  }
  if (!rdma[self].empty()) {
    entry.refuse("rdma", self, "null, as that is the host itself");
  }
  return rdma;
}

Host read_host(HostsEntry& entry, std::size_t number, std::size_t n_hosts) {
  constexpr int kMostThreads = 1024;
  constexpr int kMostGpu = 255;
  constexpr int kFirstPort = 1024;
  constexpr int kLastPort = 65535;
  constexpr double kLeastShare = 0.001;
  constexpr double kMostShare = 1e6;
  Host host;
  const auto ssh = entry.text("ssh", is_ssh_name, kSshName);
  if (!ssh) {
    entry.complain(
        {}, fmt::format("key \"ssh\" is missing, expected {}", kSshName));
  }
  host.ssh = *ssh;
  entry.set_name(host.ssh);
  entry.check_keys(kHostKeys, kFileKeys, "it beside \"hosts\", not in a host");
  host.ips = read_ips(entry);
  host.rdma = read_rdma(entry, number, n_hosts);
  host.memory = read_memory(entry);
  host.threads = entry.integer("threads", 1, kMostThreads).value_or(0);
  host.share = entry.number("share", kLeastShare, kMostShare);
  host.dir = entry.text("dir", is_place, "an absolute path, or \"~/PATH\"")
                 .value_or("");
  host.gpu = entry.integer("gpu", 0, kMostGpu);
  host.port = entry.integer("port", kFirstPort, kLastPort).value_or(0);
  return host;
}

void read_backend(const HostsEntry& entry, Hosts& hosts) {
  const auto* value = entry.find("backend");
  if (value == nullptr) {
    return;
  }
  hosts.jaccl_ring = *value == "jaccl-ring";
  const Json name = hosts.jaccl_ring ? Json("jaccl") : *value;
  for (const auto backend :
       {Backend::mpi, Backend::ring, Backend::nccl, Backend::jaccl}) {
    if (name == name_of(backend)) {
      hosts.backend = backend;
      return;
    }
  }
  entry.refuse("backend", "ring, mpi, nccl, jaccl or jaccl-ring");
}

std::vector<std::string> read_envs(const HostsEntry& entry) {
  std::vector<std::string> envs;
  std::set<std::string> names;
  const auto* list =
      entry.list("envs", "a list of variables such as [\"NAME=VALUE\"]");
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const auto& value = list->at(i);
    if (!value.is_string() ||
        !is_setting(value.get_ref<const std::string&>())) {
      entry.refuse(
          "envs",
          i,
          "\"NAME=VALUE\" in one line, the name of letters, digits and _");
    }
    envs.push_back(value.get<std::string>());
    const auto name = envs.back().substr(0, envs.back().find('='));
    // Their values may be secrets.
    if (is_launchers_variable(name)) {
      entry.complain(
          {"envs", std::to_string(i)},
          fmt::format(
              "key \"envs[{}]\" sets {}, which lockstep sets by itself, "
              "expected other variables",
              i,
              name));
    }
    if (!names.insert(name).second) {
      entry.complain(
          {"envs", std::to_string(i)},
          fmt::format(
              "key \"envs[{}]\" sets {} again, expected each variable once",
              i,
              name));
    }
  }
  return envs;
}

/// An address leads to one machine; several ranks may lie there.
class Addresses {
 public:
  void add(const HostsEntry& entry, const Host& host, std::size_t number) {
    for (std::size_t i = 0; i < host.ips.size(); ++i) {
      const auto [found, is_new] =
          owners_.insert({host.ips[i], {number, host}});
      const auto& [first, other] = found->second;
      const bool is_same =
          other.ssh == host.ssh || (other.is_here() && host.is_here());
      if (!is_new && !is_same) {
        entry.refuse(
            "ips",
            i,
            fmt::format(
                "an address of its own: host {} (\"{}\") has this one",
                first,
                other.ssh));
      }
    }
  }

 private:
  std::map<std::string, std::pair<std::size_t, Host>> owners_;
};

} // namespace

bool is_here(std::string_view ssh) {
  return ssh == "localhost" || ssh == "127.0.0.1";
}

Hosts parse_hosts(std::string_view text, const std::string& where) {
  const LinedJson json(text, where, ErrorKind::usage);
  const HostsFile file{json, where};
  const auto& top = json.value();
  if (!top.is_array() && !top.is_object()) {
    fail(
        ErrorKind::usage,
        "{}:{}: is {}, expected a list of hosts, or an object with \"hosts\"",
        where,
        json.line_of({}),
        shown(top));
  }
  Hosts hosts;
  LinedJson::Path path;
  const Json* list = &top;
  if (top.is_object()) {
    const HostsEntry entry(file, top, {}, "");
    entry.check_keys(kFileKeys, kHostKeys, "it in each host");
    list = entry.list("hosts", "a list of hosts");
    if (list == nullptr) {
      entry.complain({}, "key \"hosts\" is missing, expected a list of hosts");
    }
    read_backend(entry, hosts);
    hosts.envs = read_envs(entry);
    path = {"hosts"};
  }
  if (list->empty() || list->size() > kMostHosts) {
    fail(
        ErrorKind::usage,
        "{}:{}: names {} hosts, expected 1 to {}",
        where,
        json.line_of(path),
        list->size(),
        kMostHosts);
  }
  Addresses addresses;
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto place = path;
    place.push_back(std::to_string(i));
    HostsEntry entry(file, list->at(i), place, fmt::format("host {}", i));
    hosts.hosts.push_back(read_host(entry, i, list->size()));
    addresses.add(entry, hosts.hosts.back(), i);
  }
  return hosts;
}

Hosts read_hosts(const std::filesystem::path& path) {
  constexpr std::uint64_t kMostBytes = 4U << 20U;
  std::string text;
  try {
    text = read_text_file(path, kMostBytes);
  } catch (const Error& error) {
    // A hosts file is an option, not a part of the model.
    throw Error(ErrorKind::usage, error.what());
  }
  return parse_hosts(text, path.string());
}

} // namespace lockstep::plan
