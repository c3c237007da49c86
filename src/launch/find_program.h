#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace lockstep::launch {

/// The absolute path of a program as a shell finds it: in PATH, or as it is
/// when its name has a '/'. Nothing when there is none that can be executed.
std::optional<std::filesystem::path> find_program(const std::string& name);

/// The same; throws Error{network} when there is none.
std::filesystem::path require_program(const std::string& name);

} // namespace lockstep::launch
