#pragma once

#include <filesystem>
#include <string_view>

namespace lockstep::app {

/// Writes a result to stdout at once. Throws Error{closed} when nobody reads it
/// any more, Error{output} when it cannot be written.
void write_stdout(std::string_view text);

/// Writes to stderr; what cannot be written there has no better place.
void write_stderr(std::string_view text);

/// Writes a whole file. One that is there is refused with Error{usage} unless
/// `force`, and then stays whole until the new one is. Throws Error{output} when
/// it cannot be written.
void write_file(
    const std::filesystem::path& path, std::string_view text, bool force);

} // namespace lockstep::app
