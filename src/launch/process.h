#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <sys/types.h>

namespace lockstep::launch {

/// A process as itself and no later one with its number.
struct ProcessIdentity {
  pid_t pid = 0;
  std::uint64_t started = 0; // in the system's own unit

  bool operator==(const ProcessIdentity&) const = default;
};

/// Nothing when no process has this number or only its exit status is left.
std::optional<ProcessIdentity> identify(pid_t pid);

bool is_alive(const ProcessIdentity& process);

/// How a process ended that its parent has not asked about yet, as wait() has
/// it; nothing when it runs, is gone, or the system does not say.
std::optional<int> unasked_status(pid_t pid);

/// In a child, between fork and exec: get `signal` when the parent dies. Does
/// nothing where the system cannot; there the closed control link does it.
void end_with_parent(int signal);

/// Whether a socket listens on this TCP port; nothing when the system does not
/// say. Does not touch the socket.
std::optional<bool> is_listening(int port);

/// The names under which Open MPI's library may be found, MLX's own choice
/// first.
std::vector<const char*> mpi_library_names();

/// Whether a process may copy out of another one's memory, as Open MPI does
/// for large messages. Containers often forbid it.
bool may_copy_between_processes();

} // namespace lockstep::launch
