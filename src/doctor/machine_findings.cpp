#include "doctor/machine_findings.h"

#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/units.h"
#include "doctor/environment_findings.h"
#include "doctor/mac_findings.h"
#include "launch/addresses.h"

namespace lockstep::doctor {

namespace {

constexpr std::uint64_t kMega = 1'000'000;

std::string n_of(std::size_t n, std::string_view what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

Finding memory(const launch::HostFacts& system) {
  constexpr auto kLittle = 500 * kMega;
  const auto text = fmt::format(
      "{}, {} free",
      format_bytes(system.memory_bytes),
      format_bytes(system.free_bytes));
  return system.free_bytes < kLittle
             ? warning(
                   "memory",
                   text,
                   "end programs that hold much memory; a model has to fit "
                   "into what is free")
             : ok("memory", text);
}

Finding addresses(const launch::HostFacts& system) {
  std::string text;
  for (const auto& address : system.addresses) {
    text += fmt::format(
        "{}{} ({}, {})",
        text.empty() ? "" : ", ",
        address.ip,
        address.interface,
        name_of(address.kind));
  }
  return ok("network", text.empty() ? "no address for other hosts" : text);
}

Finding processor(const MachineFacts& facts) {
  const auto text = fmt::format(
      "{}{}, kernels for {}",
      facts.device.is_gpu || facts.device.name.empty()
          ? ""
          : facts.device.name + ", ",
      n_of(static_cast<std::size_t>(facts.cores), "core"),
      facts.kernels);
  return facts.are_portable
             ? warning(
                   "cpu",
                   text,
                   "it has none of AVX2 with FMA, AVX-512 and NEON with dot "
                   "products, so it is slow: give it few layers (\"share\")")
             : ok("cpu", text);
}

Finding gpu(const MachineFacts& facts) {
  const auto& gpus = facts.system.gpus;
  if (!facts.device_failure.empty()) {
    return problem(
        "gpu",
        facts.device_failure,
        "see whether nvidia-smi lists GPUs, or use lockstep's build for CPUs");
  }
  if (facts.device.is_gpu) {
    return ok(
        "gpu",
        fmt::format(
            "{}, MLX uses {}",
            facts.device.name,
            n_of(static_cast<std::size_t>(facts.device.n_gpus), "GPU")));
  }
  if (gpus.empty()) {
    return ok("gpu", "none, computes on the CPU");
  }
  return warning(
      "gpu",
      fmt::format(
          "{}, which MLX cannot use: this lockstep is built for CPUs",
          n_of(gpus.size(), gpus.front().name)),
      "make build-cuda builds it for NVIDIA GPUs");
}

Finding open_files(const MachineFacts& facts) {
  constexpr std::uint64_t kFew = 256;
  const auto text = facts.open_files > kMega
                        ? std::string("no limit that matters")
                        : fmt::format("{} may be open", facts.open_files);
  return facts.open_files < kFew
             ? warning(
                   "files",
                   text,
                   "ulimit -n 1024 before lockstep lets many ranks be started")
             : ok("files", text);
}

void add_disk(const MachineFacts& facts, std::vector<Finding>& findings) {
  // Open MPI's ranks alone take some 20 MB of shared memory each.
  constexpr auto kLittleMemory = 100 * kMega;
  constexpr auto kLittle = 1000 * kMega;
  for (const auto& [use, path, free] : facts.spaces) {
    const auto text =
        fmt::format("{} {}: {} free", use, path.string(), format_bytes(free));
    const bool is_memory = path == "/dev/shm";
    if (free >= (is_memory ? kLittleMemory : kLittle)) {
      findings.push_back(ok("disk", text));
    } else {
      findings.push_back(warning(
          "disk",
          text,
          is_memory ? "make it larger; for a container: docker run "
                      "--shm-size=1g"
                    : "make room there"));
    }
  }
  if (!facts.temporary_failure.empty()) {
    findings.push_back(problem(
        "disk",
        facts.temporary_failure,
        "every run keeps its socket and shared memory there"));
  }
}

Finding mpi(const MachineFacts& facts) {
  if (facts.mpi_failure.empty()) {
    return ok("mpi", facts.mpi);
  }
  const auto end = facts.mpi_failure.rfind("; ");
  const auto seen = facts.mpi_failure.substr(0, end);
  const auto advice =
      end == std::string::npos ? "" : facts.mpi_failure.substr(end + 2);
  return facts.needs_mpi ? problem("mpi", seen, advice)
                         : warning("mpi", seen, advice);
}

Finding clock(const MachineFacts& facts) {
  constexpr std::int64_t kBuilt = 1'735'689'600; // 2025 begins
  const auto now = static_cast<std::time_t>(facts.seconds);
  std::tm date{};
  ::gmtime_r(&now, &date);
  const auto text = fmt::format("{:%Y-%m-%d %H:%M} UTC", date);
  return facts.seconds < kBuilt
             ? warning(
                   "clock",
                   text,
                   "set the time; on Linux: timedatectl set-ntp true")
             : ok("clock", text);
}

Finding model(const ModelFacts& model) {
  return model.failure.empty()
             ? ok("model",
                  fmt::format(
                      "{}, {}, fingerprint {}",
                      model.name,
                      format_bytes(model.bytes),
                      model.fingerprint))
             : problem(
                   "model",
                   model.failure,
                   "bring it there, or name the place where it lies");
}

} // namespace

std::vector<Finding> system_findings(const launch::HostFacts& system) {
  return {
      ok("system",
         fmt::format(
             "{}, {} {}, {}",
             system.name,
             system.os,
             system.machine,
             n_of(static_cast<std::size_t>(system.cores), "processor"))),
      memory(system),
      addresses(system)};
}

std::vector<Finding> machine_findings(const MachineFacts& facts) {
  std::vector<Finding> findings{ok(
      "version", fmt::format("lockstep {}, MLX {}", facts.version, facts.mlx))};
  if (facts.system_failure.empty()) {
    for (auto& finding : system_findings(facts.system)) {
      findings.push_back(std::move(finding));
    }
  } else {
    findings.push_back(warning(
        "system",
        facts.system_failure,
        "uname, getconf and ip (or ifconfig) tell what a machine is"));
  }
  findings.push_back(processor(facts));
  findings.push_back(gpu(facts));
  findings.push_back(open_files(facts));
  add_disk(facts, findings);
  findings.push_back(mpi(facts));
  findings.push_back(clock(facts));
  for (auto& finding : environment_findings(facts.environment)) {
    findings.push_back(std::move(finding));
  }
  if (facts.system.os == "Darwin") {
    for (auto& finding : mac_findings(facts)) {
      findings.push_back(std::move(finding));
    }
  }
  if (facts.model) {
    findings.push_back(model(*facts.model));
  }
  return findings;
}

} // namespace lockstep::doctor
