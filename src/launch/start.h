#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/backend.h"
#include "launch/ports.h"
#include "launch/run_directory.h"
#include "launch/spawn.h"
#include "link/descriptor.h"
#include "link/message.h"

namespace lockstep::launch {

/// What every way of starting ranks needs.
struct RankProgram {
  int n_ranks = 1;
  std::filesystem::path program;
  std::vector<std::string> argv; // argv[0] too
  Environment environment;       // without what says which rank this is
  std::vector<std::string> own_variables; // those of it that are lockstep's
  sigset_t mask{};
};

/// Our way to the keeper of a rank on a host (launch/keeper).
struct KeeperLine {
  std::string host;
  link::Descriptor input;   // its stdin: the order, then a byte now and then
  link::Descriptor chatter; // what it and ssh say of their own
  std::string said;         // the first of that
};

/// A process we forked: a rank, mpirun, or what leads to a rank's keeper.
struct Child {
  pid_t pid = 0;
  std::optional<int> rank;     // nothing: mpirun
  std::optional<int> status{}; // as waitpid gave it, once it has ended
  std::optional<KeeperLine> keeper{};
};

/// What was started.
struct Started {
  std::vector<Child> children;
  /// What mpirun says of its own; closed for others.
  link::Descriptor chatter;
  /// How ranks come to stdin, stdout and stderr.
  link::Streams streams = link::Streams::own;
  /// The ranks' ports; a ring forms without delay when the last rank connects
  /// after the others listen.
  std::vector<ReservedPort> ring_ports;
  /// Of ranks with seats on hosts (launch/seat): how they are joined, and their
  /// addresses. They find their ports themselves and hear the others' with
  /// their turn.
  Backend seat_backend = Backend::automatic;
  std::vector<std::string> seat_ips;
};

struct OpenMpi;

Started start_mpi(
    const RankProgram& ranks,
    const OpenMpi& open_mpi,
    const RunDirectory& directory);

/// As our own children, over MLX's TCP ring or NCCL. `stdin_fd` is rank 0's.
Started start_ring(
    const RankProgram& ranks, const RunDirectory& directory, int stdin_fd);
Started start_nccl(const RankProgram& ranks, int stdin_fd);

} // namespace lockstep::launch
