#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "launch/addresses.h"

namespace lockstep::launch {

struct HostGpu {
  std::string name;
  std::uint64_t memory_bytes = 0; // its own; 0 = it has none, or does not say
  std::uint64_t free_bytes = 0;
};

/// What a host says of itself. Texts are printable ASCII.
struct HostFacts {
  std::string name;
  std::string os;      // as uname has it: "Linux", "Darwin"
  std::string machine; // "x86_64", "aarch64", "arm64"
  int cores = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t free_bytes = 0; // that programs can have now
  std::vector<HostGpu> gpus;
  /// Of interfaces that are up, the best first; none of loopback or of bridges
  /// to virtual machines and containers.
  std::vector<Address> addresses;
};

/// What `sh -s` on a host is to read, to tell of itself. Needs nothing of ours
/// there.
std::string_view host_script();

/// What that wrote, whatever stands around it. Throws Error{network} saying what
/// is missing.
HostFacts parse_host_facts(std::string_view output);

} // namespace lockstep::launch
