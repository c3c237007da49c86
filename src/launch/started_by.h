#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/backend.h"

namespace lockstep::launch {

using Environment = std::map<std::string, std::string>;

enum class Starter {
  nobody,   // a shell: one rank, no group
  lockstep, // run_local and its kin; LOCKSTEP_LIFELINE is set
  open_mpi, // mpirun, mpiexec
  slurm,    // srun --mpi=pmix
  mlx,      // mlx.launch, or variables set by hand
};

/// What the environment says of this process.
struct StartedBy {
  Starter starter = Starter::nobody;
  /// The back end the group must be made with; automatic when `size` is 1 and
  /// nobody asked for a group.
  Backend backend = Backend::automatic;
  int rank = 0; // 0 <= rank < size
  int size = 1;

  /// True when this process is a rank of a group, even of a group of one.
  bool is_rank() const { return backend != Backend::automatic; }
};

/// Reads the variables of Open MPI, Slurm and MLX. Opens the file that
/// MLX_HOSTFILE or MLX_IBV_DEVICES names to count the ranks; does nothing
/// else. Throws Error{usage} naming the variables and their values when they
/// contradict each other, are no numbers or are out of range, and
/// Error{unsupported} for a launcher MLX cannot work under.
StartedBy started_by(const Environment& environment);

/// This process's environment.
Environment current_environment();

} // namespace lockstep::launch
