#pragma once

#include <filesystem>
#include <vector>

namespace lockstep::push {

/// The libraries that this process has loaded and that a machine with the same
/// system need not have, by their paths.
std::vector<std::filesystem::path> loaded_libraries();

/// The variable that tells the system's loader of more folders.
extern const char* const kLibraryVariable;

} // namespace lockstep::push
