#include "doctor/environment_findings.h"

#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "launch/host_place.h"
#include "plan/host_names.h"

namespace lockstep::doctor {

namespace {

std::string joined(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 4;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kMost; ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  return names.size() <= kMost
             ? text
             : text + fmt::format(" and {} more", names.size() - kMost);
}

} // namespace

std::vector<Finding> environment_findings(
    const launch::Environment& environment) {
  std::vector<Finding> findings;
  std::vector<std::string> ranks;
  std::vector<std::string> job;
  std::vector<std::string> tuning;
  bool is_fast = false;
  for (const auto& [name, value] : environment) {
    // Makes nobody a rank, and is set where hosts are asked.
    if (name == launch::kModelsVariable) {
      continue;
    }
    if (name == "MLX_METAL_FAST_SYNCH") {
      is_fast = true;
    } else if (plan::is_launchers_variable(name)) {
      // Slurm's are in every shell of a job.
      (name.starts_with("SLURM_") ? job : ranks).push_back(name);
    } else if (name.starts_with("OMPI_MCA_") || name.starts_with("MLX_")) {
      tuning.push_back(name);
    }
  }
  if (is_fast) {
    findings.push_back(warning(
        "environment",
        "MLX_METAL_FAST_SYNCH is set, with which Macs were seen to lock up "
        "their GPU until they were restarted",
        "unset MLX_METAL_FAST_SYNCH"));
  }
  try {
    const bool is_rank = launch::started_by(environment).is_rank();
    if (ranks.empty() && is_rank) {
      ranks = job;
    }
    if (!ranks.empty()) {
      findings.push_back(warning(
          "environment",
          fmt::format("{} set, as for a rank", joined(ranks)),
          "programs started here may take themselves for ranks; unset them "
          "unless a launcher started this"));
    }
  } catch (const Error& error) {
    findings.push_back(problem(
        "environment", error.what(), fmt::format("unset {}", joined(ranks))));
  }
  if (!tuning.empty()) {
    findings.push_back(warning(
        "environment",
        fmt::format("{} set", joined(tuning)),
        "they change how MLX and Open MPI work; unset them if ranks do not "
        "come up"));
  }
  if (findings.empty()) {
    findings.push_back(ok("environment", "nothing set that would disturb"));
  }
  return findings;
}

} // namespace lockstep::doctor
