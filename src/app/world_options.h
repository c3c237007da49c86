#pragma once

#include <cstdint>
#include <vector>

#include "app/command_line.h"
#include "base/backend.h"
#include "engine/session.h"
#include "world/exchange_kind.h"

namespace lockstep::app {

/// Which ranks there are and how they talk; flags that several commands share.
struct WorldOptions {
  int n_ranks = 0;        // 0 = not said
  std::string hosts_file; // empty = this machine
  Backend backend = Backend::automatic;
  world::ExchangeKind exchange = world::ExchangeKind::automatic;
  engine::ComputeOptions compute;
  std::uint64_t max_memory = 0; // bytes of each rank; 0 = what there is
  std::vector<int> split;       // layers of each rank; empty = as is fastest
};

/// Adds -n, --hosts and --backend to `command`; `options` must outlive it.
void add_world_options(Command& command, WorldOptions& options);

/// Adds what commands that run a model have besides: --exchange, --threads,
/// --kernels, --kv-bits, --max-memory and --split.
void add_model_options(Command& command, WorldOptions& options);

/// Adds --split alone.
void add_split_option(Command& command, WorldOptions& options);

/// What the flags say of a session, and what the launcher says of this rank in
/// the environment: LOCKSTEP_SHARE and LOCKSTEP_MAX_MEMORY, the "share" and
/// "memory" of its host. Throws Error{usage} naming a variable that is neither.
engine::SessionOptions session_options(const WorldOptions& options);

} // namespace lockstep::app
