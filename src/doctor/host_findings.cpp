#include "doctor/host_findings.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/units.h"

namespace lockstep::doctor {

namespace {

Finding of(const std::string& host, Finding finding) {
  finding.host = host;
  return finding;
}

/// A line of launch's as what was seen and what to do.
std::pair<std::string, std::string> seen_and_advice(const std::string& line) {
  const auto at = line.rfind("; ");
  return at == std::string::npos
             ? std::pair(line, std::string())
             : std::pair(line.substr(0, at), line.substr(at + 2));
}

std::string versions(const Identity& identity) {
  return fmt::format("lockstep {}, MLX {}", identity.version, identity.mlx);
}

std::string kind(const Identity& identity) {
  return fmt::format(
      "{} {}, computes on the {}",
      identity.os,
      identity.machine,
      identity.computes_on_gpu ? "GPU" : "CPU");
}

std::optional<Finding> memory(const Machine& machine, const Identity& its) {
  if (machine.memory == 0 || its.memory_bytes == 0) {
    return std::nullopt;
  }
  const auto text = fmt::format(
      "{} may be taken by the hosts file, {} of {} are free",
      format_bytes(machine.memory),
      format_bytes(its.free_bytes),
      format_bytes(its.memory_bytes));
  if (machine.memory > its.memory_bytes && !its.computes_on_gpu) {
    return problem(
        "memory", text, "set \"memory\" in the hosts file to what it has");
  }
  return machine.memory > its.free_bytes && !its.computes_on_gpu
             ? warning(
                   "memory",
                   text,
                   "end other programs there, or set \"memory\" lower")
             : ok("memory", text);
}

} // namespace

std::vector<Machine> machines_of(const std::vector<plan::Host>& ranks) {
  std::vector<Machine> machines;
  for (const auto& host : ranks) {
    auto found =
        std::find_if(machines.begin(), machines.end(), [&](const auto& m) {
          return m.host.ssh == host.ssh || (m.host.is_here() && host.is_here());
        });
    if (found == machines.end()) {
      machines.push_back({host, 0, 0, {}});
      found = machines.end() - 1;
    }
    if (host.port > 0) {
      found->ports.push_back(host.port + found->n_ranks);
    }
    found->memory += host.memory;
    ++found->n_ranks;
  }
  return machines;
}

Finding missing(
    const std::string& host, const std::string& failure, int exit_code) {
  constexpr int kNotExecutable = 126;
  constexpr int kNoProgram = 127;
  constexpr int kUsage = 2; // of a lockstep that lacks the command
  const auto prefix = host + ": ";
  const auto line =
      failure.starts_with(prefix) ? failure.substr(prefix.size()) : failure;
  if (exit_code == kNoProgram || exit_code == kNotExecutable ||
      exit_code == kUsage) {
    return of(
        host,
        problem(
            "lockstep",
            line,
            "bring the same lockstep with lockstep push, or install it at the "
            "same place as here"));
  }
  const auto [seen, advice] = seen_and_advice(line);
  return of(host, problem("ssh", seen, advice));
}

std::vector<Finding> compare(
    const Machine& machine, const Identity& its, const Identity& ours) {
  const auto& host = machine.host.ssh;
  std::vector<Finding> findings;
  if (versions(its) != versions(ours)) {
    findings.push_back(
        of(host,
           problem(
               "version",
               fmt::format("{}, and here {}", versions(its), versions(ours)),
               "bring this one there: lockstep push")));
  }
  if (kind(its) != kind(ours) && machine.n_ranks > 0) {
    findings.push_back(of(
        host,
        warning(
            "kind",
            fmt::format("{}; the first host: {}", kind(its), kind(ours)),
            its.computes_on_gpu || ours.computes_on_gpu
                ? "it works, but answers may differ from those of machines of "
                  "one kind; leave one kind out to have them alike"
                : "lockstep's own kernels give the same bits on both; each "
                  "kind needs its own build, in the \"dir\" of its host")));
  }
  if (const auto finding = memory(machine, its)) {
    findings.push_back(of(host, *finding));
  }
  return findings;
}

std::vector<Finding> compare_models(
    const std::vector<std::pair<std::string, std::string>>& fingerprints) {
  std::vector<Finding> findings;
  const std::pair<std::string, std::string>* first = nullptr;
  for (const auto& entry : fingerprints) {
    if (entry.second.empty()) {
      continue; // it said why
    }
    if (first == nullptr) {
      first = &entry;
    } else if (entry.second != first->second) {
      findings.push_back(
          of(entry.first,
             problem(
                 "fingerprint",
                 fmt::format(
                     "its model is another one: {}, and on {} {}",
                     entry.second,
                     first->first,
                     first->second),
                 "bring the same files to all hosts")));
    }
  }
  return findings;
}

Finding clock_of(const std::string& host, double seconds) {
  constexpr double kMost = 2.0;
  const auto text = fmt::format(
      "{:.1f} s {} this machine",
      std::abs(seconds),
      seconds < 0 ? "behind" : "ahead of");
  return of(
      host,
      std::abs(seconds) > kMost
          ? warning(
                "clock",
                text,
                "set both by the network (timedatectl set-ntp true), or times "
                "in logs and files will not fit together")
          : ok("clock", text));
}

std::optional<Finding> address_of(
    const std::string& host,
    const std::string& ip,
    const std::string& failure) {
  if (failure.empty()) {
    return std::nullopt;
  }
  return of(
      host,
      problem(
          "address",
          fmt::format("{} in the hosts file is not its own: {}", ip, failure),
          "correct \"ips\"; lockstep hosts finds them"));
}

Finding port_of(const std::string& host, int port, const std::string& failure) {
  return of(
      host,
      failure.empty()
          ? ok("port", fmt::format("{} is free", port))
          : problem(
                "port",
                fmt::format("{} is taken: {}", port, failure),
                "end what listens there (ss -ltnp lists it), or change "
                "\"port\" in the hosts file"));
}

} // namespace lockstep::doctor
