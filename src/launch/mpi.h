#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "launch/start.h"

namespace lockstep::launch {

/// Where mpirun is, by PATH, if it is Open MPI's; else nothing.
std::optional<std::filesystem::path> find_mpirun();

/// The same for who needs it. Throws Error{network} that says what is there
/// instead and how to install it.
std::filesystem::path require_mpirun();

/// What mpirun is called with for these ranks, argv[0] too. `directory` takes
/// its session and shared memory.
std::vector<std::string> mpirun_command(
    const RankProgram& ranks,
    const std::filesystem::path& mpirun,
    const std::filesystem::path& directory);

} // namespace lockstep::launch
