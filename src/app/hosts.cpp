#include "plan/hosts.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/command.h"
#include "app/exit_codes.h"
#include "app/output.h"
#include "app/table.h"
#include "base/error.h"
#include "base/json.h"
#include "base/units.h"
#include "launch/ask_hosts.h"

namespace lockstep::app {

namespace {

constexpr char kHostsExamples[] =
    R"(Each HOST is what ssh is called with, and becomes a rank, in this order;
localhost is this machine. A host that is named twice gets two ranks. Hosts need
an ssh server that lets you in without a password, and nothing of lockstep's.
The variable LOCKSTEP_SSH stands in place of "ssh", such as "ssh -F my-config".

Examples:
  lockstep hosts mac1 mac2 -o hosts.json
  lockstep hosts localhost me@10.0.0.2 > hosts.json
  lockstep hosts gpu-box gpu-box --json)";

struct HostsOptions {
  std::vector<std::string> hosts;
  std::string output;
  bool force = false;
  bool json = false;
  int timeout_s = 15;
};

void check_options(const HostsOptions& options) {
  if (options.hosts.size() > plan::kMostHosts) {
    fail(
        ErrorKind::usage,
        "{} hosts are named, expected at most {}",
        options.hosts.size(),
        plan::kMostHosts);
  }
  if (options.output.empty()) {
    if (options.force) {
      fail(
          ErrorKind::usage,
          "--force writes over the FILE of -o, and none is given");
    }
  } else if (!options.force && std::filesystem::exists(options.output)) {
    fail(
        ErrorKind::usage,
        "{}: is there already; --force writes over it",
        options.output);
  }
}

std::vector<std::string> each_once(const std::vector<std::string>& names) {
  std::vector<std::string> once;
  for (const auto& name : names) {
    if (std::find(once.begin(), once.end(), name) == once.end()) {
      once.push_back(name);
    }
  }
  return once;
}

std::string gpus_text(const std::vector<launch::HostGpu>& gpus) {
  if (gpus.empty()) {
    return "-";
  }
  const bool are_alike =
      std::all_of(gpus.begin(), gpus.end(), [&](const auto& gpu) {
        return gpu.name == gpus.front().name;
      });
  const auto name = gpus.front().name + (are_alike ? "" : " and others");
  return gpus.size() == 1 ? name : fmt::format("{} x {}", gpus.size(), name);
}

std::string table_of(const std::vector<launch::HostAnswer>& answers) {
  std::vector<Cells> rows{
      {"host",
       "name",
       "system",
       "GPU or chip",
       "addresses",
       "cores",
       "memory",
       "free"}};
  for (const auto& [ssh, facts, failure] : answers) {
    std::string addresses;
    for (const auto& address : facts->addresses) {
      addresses += (addresses.empty() ? "" : ", ") + address.ip;
    }
    rows.push_back(
        {ssh,
         facts->name,
         facts->os + " " + facts->machine,
         gpus_text(facts->gpus),
         addresses.empty() ? "-" : addresses,
         std::to_string(facts->cores),
         format_bytes(facts->memory_bytes),
         format_bytes(facts->free_bytes)});
  }
  constexpr std::size_t kTextColumns = 5;
  return format_table(rows, kTextColumns);
}

Json json_of(const launch::HostAnswer& answer) {
  const auto& facts = *answer.facts;
  Json json{
      {"ssh", answer.ssh},
      {"name", facts.name},
      {"os", facts.os},
      {"machine", facts.machine},
      {"cores", facts.cores},
      {"memory_bytes", facts.memory_bytes},
      {"free_bytes", facts.free_bytes},
      {"gpus", Json::array()},
      {"addresses", Json::array()}};
  for (const auto& gpu : facts.gpus) {
    json["gpus"].push_back(
        {{"name", gpu.name},
         {"memory_bytes", gpu.memory_bytes},
         {"free_bytes", gpu.free_bytes}});
  }
  for (const auto& address : facts.addresses) {
    json["addresses"].push_back(
        {{"ip", address.ip},
         {"prefix_bits", address.prefix_bits},
         {"interface", address.interface},
         {"link", name_of(address.kind)}});
  }
  return json;
}

/// Whether one of them failed; each that did is told.
bool tell_failures(const std::vector<launch::HostAnswer>& answers) {
  bool has_failed = false;
  for (const auto& answer : answers) {
    if (!answer.facts) {
      write_stderr(fmt::format("lockstep: {}\n", answer.failure));
      has_failed = true;
    }
  }
  return has_failed;
}

int hosts(const HostsOptions& options) {
  check_options(options);
  const auto answers = launch::ask_hosts(
      each_once(options.hosts), std::chrono::seconds(options.timeout_s));
  if (tell_failures(answers)) {
    return exit_code(ErrorKind::network);
  }
  if (options.json) {
    auto json = Json::array();
    for (const auto& answer : answers) {
      json.push_back(json_of(answer));
    }
    write_stdout(json.dump() + "\n");
    return 0;
  }
  const auto made = launch::make_hosts(options.hosts, answers);
  write_stderr(table_of(answers));
  for (const auto& warning : made.warnings) {
    write_stderr(fmt::format("lockstep: warning: {}\n", warning));
  }
  const auto text = plan::hosts_text(made.hosts);
  if (options.output.empty()) {
    write_stdout(text);
  } else {
    write_file(options.output, text, options.force);
  }
  return 0;
}

} // namespace

void add_hosts(CommandLine& program) {
  auto options = std::make_shared<HostsOptions>();
  auto command =
      program.add("hosts", "write a hosts file of machines that ssh reaches");
  command.examples(kHostsExamples);
  command
      .arguments("HOST", options->hosts, "machines, the first of them rank 0")
      .required();
  const auto output = command.value(
      "-o,--output",
      "FILE",
      options->output,
      "write the hosts file here, not to stdout");
  command.flag("--force", options->force, "write over FILE if it is there");
  command
      .value(
          "--timeout",
          "SECONDS",
          options->timeout_s,
          "that each host has to answer (15)")
      .within(1, 600);
  command
      .flag(
          "--json",
          options->json,
          "print what each host says of itself, and no hosts file")
      .excludes(output);
  command.does([options] { return hosts(*options); });
}

} // namespace lockstep::app
