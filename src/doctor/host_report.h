#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "doctor/finding.h"
#include "doctor/machine.h"

namespace lockstep::doctor {

/// What of a machine is held against others'.
struct Identity {
  std::string version;
  std::string mlx;
  std::string os;
  std::string machine; // "x86_64"
  bool computes_on_gpu = false;
  bool has_mpi = false;
  std::uint64_t memory_bytes = 0; // 0 = not known
  std::uint64_t free_bytes = 0;
  std::string fingerprint; // of the model; empty: none
};

/// What lockstep on a host says of it.
struct HostReport {
  Identity identity;
  std::vector<Finding> findings; // of one machine alone
};

HostReport report_of(const MachineFacts& facts);

Json json_of(const HostReport& report);
/// From what `host` wrote. Throws Error{config}.
HostReport parse_report(const JsonReader& reader, const std::string& host);

} // namespace lockstep::doctor
