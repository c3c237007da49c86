#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "launch/start.h"

namespace lockstep::launch {

/// Names the library for MLX.
inline constexpr char kMpiLibraryVariable[] = "MLX_MPI_LIBNAME";

/// What our ssh for mpirun says, before the host's name, when it fails.
inline constexpr char kWayEnded[] = "lockstep: ssh ended: ";

/// What the shell around a rank on a host says, before the rank's number, when
/// the rank fails. Of a rank that ends before all have started mpirun itself
/// says nothing, as often as not.
inline constexpr char kRankEnded[] = "lockstep: rank ended: ";

/// Open MPI as far as ranks need it.
struct OpenMpi {
  std::filesystem::path mpirun;
  std::string version; // as mpirun tells it: "mpirun (Open MPI) 4.1.4"
  /// What MLX is to load.
  std::string library;
};

/// Looks for mpirun in PATH and tries to load the library. Throws
/// Error{network} that says what is missing and how to install it.
OpenMpi require_open_mpi();

/// What mpirun is called with for these ranks, argv[0] too. `directory` takes
/// its session and shared memory.
std::vector<std::string> mpirun_command(
    const RankProgram& ranks,
    const std::filesystem::path& mpirun,
    const std::filesystem::path& directory);

} // namespace lockstep::launch
