#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "launch/host_facts.h"
#include "launch/started_by.h"
#include "world/devices.h"

namespace lockstep::doctor {

/// What a machine is asked about itself.
struct MachineQuestion {
  std::string version; // of this program
  std::string model;   // as MODEL on a command line; empty: none
  /// Where MODEL is; throws Error when it is not here.
  std::function<std::filesystem::path(const std::string& model)> find_model;
  std::filesystem::path models; // where models are kept that are looked up
  bool needs_mpi = false;       // ranks are to be joined by it
};

/// A file system that is needed.
struct Space {
  std::string use; // "models in"
  std::filesystem::path path;
  std::uint64_t free_bytes = 0;
};

struct ModelFacts {
  std::string name;
  std::string fingerprint; // 16 hexadecimal digits
  std::uint64_t bytes = 0; // of its weights
  std::string failure;     // instead: why it cannot be opened
};

/// What a machine is, as far as it says whether ranks would run there.
struct MachineFacts {
  std::string version;
  std::string mlx;
  launch::HostFacts system;
  std::string system_failure; // instead: why it is not known
  world::ComputeDevice device;
  std::string device_failure;   // why nothing can be computed
  std::string kernels;          // instruction set of ours
  bool are_portable = false;    // those that every processor has
  int cores = 0;                // that threads of ours would use
  std::uint64_t open_files = 0; // the limit
  std::vector<Space> spaces;
  std::string temporary_failure; // why nothing can be put into memory or TMPDIR
  std::string mpi;               // "mpirun (Open MPI) 4.1.4"
  std::string mpi_failure;       // instead: why there is none, and what to do
  bool needs_mpi = false;
  std::int64_t seconds = 0; // since 1970
  launch::Environment environment;
  std::optional<ModelFacts> model;
  std::string sleep_settings; // of macOS: what pmset -g prints
};

/// Looks at this machine. Main thread, while no other runs. Throws
/// Error{interrupted}.
MachineFacts read_machine(const MachineQuestion& question);

} // namespace lockstep::doctor
