#pragma once

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
};

/// Adds -n, --hosts and --backend to `command`; `options` must outlive it.
void add_world_options(Command& command, WorldOptions& options);

/// Adds what commands that run a model have besides: --exchange, --threads,
/// --kernels and --kv-bits.
void add_model_options(Command& command, WorldOptions& options);

/// What the flags say of a session.
engine::SessionOptions session_options(const WorldOptions& options);

} // namespace lockstep::app
