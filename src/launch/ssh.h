#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lockstep::launch {

/// The command line that runs something on `host` through ssh, up to the host's
/// name: asks no questions, gives up on a silent host, has no terminal. What
/// follows is read by the host's shell. The variable LOCKSTEP_SSH, split at
/// spaces, stands in place of "ssh". Throws Error{usage} when ssh must not be
/// called with this name (plan/host_names).
std::vector<std::string> ssh_command(const std::string& host);

/// A command line for a shell, each word kept as it is.
std::string shell_command(const std::vector<std::string>& words);

/// What to do about the last line that ssh wrote before it gave up.
std::string ssh_advice(std::string_view line, const std::string& host);

} // namespace lockstep::launch
