#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json.h"
#include "plan/hosts.h"

namespace lockstep::plan {

namespace {

std::string text_of(const std::vector<std::string>& strings) {
  std::vector<std::string> quoted;
  quoted.reserve(strings.size());
  for (const auto& string : strings) {
    quoted.push_back(Json(string).dump());
  }
  return fmt::format("[{}]", fmt::join(quoted, ", "));
}

std::string text_of(const std::vector<std::vector<std::string>>& rdma) {
  std::vector<std::string> ranks;
  ranks.reserve(rdma.size());
  for (const auto& devices : rdma) {
    ranks.push_back(
        devices.empty()       ? "null"
        : devices.size() == 1 ? Json(devices.front()).dump()
                              : text_of(devices));
  }
  return fmt::format("[{}]", fmt::join(ranks, ", "));
}

std::string text_of(const Host& host) {
  std::vector<std::string> keys{
      fmt::format("\"ssh\": {}", Json(host.ssh).dump())};
  const auto add = [&](const char* key, const std::string& value) {
    keys.push_back(fmt::format("\"{}\": {}", key, value));
  };
  if (!host.ips.empty()) {
    add("ips", text_of(host.ips));
  }
  if (!host.rdma.empty()) {
    add("rdma", text_of(host.rdma));
  }
  if (host.memory > 0) {
    add("memory", std::to_string(host.memory));
  }
  if (host.threads > 0) {
    add("threads", std::to_string(host.threads));
  }
  if (host.share) {
    add("share", Json(*host.share).dump());
  }
  if (!host.dir.empty()) {
    add("dir", Json(host.dir).dump());
  }
  if (host.gpu) {
    add("gpu", std::to_string(*host.gpu));
  }
  if (host.port > 0) {
    add("port", std::to_string(host.port));
  }
  return fmt::format("{{{}}}", fmt::join(keys, ", "));
}

std::string list_of(const std::vector<Host>& hosts, const char* indent) {
  std::vector<std::string> lines;
  lines.reserve(hosts.size());
  for (const auto& host : hosts) {
    lines.push_back(fmt::format("{}  {}", indent, text_of(host)));
  }
  return fmt::format("[\n{}\n{}]", fmt::join(lines, ",\n"), indent);
}

} // namespace

std::string hosts_text(const Hosts& hosts) {
  if (hosts.backend == Backend::automatic && hosts.envs.empty()) {
    return list_of(hosts.hosts, "") + "\n";
  }
  std::string text = "{\n";
  if (hosts.backend != Backend::automatic) {
    text += fmt::format(
        "  \"backend\": \"{}\",\n",
        hosts.jaccl_ring ? "jaccl-ring" : name_of(hosts.backend));
  }
  if (!hosts.envs.empty()) {
    text += fmt::format("  \"envs\": {},\n", text_of(hosts.envs));
  }
  return text + "  \"hosts\": " + list_of(hosts.hosts, "  ") + "\n}\n";
}

} // namespace lockstep::plan
