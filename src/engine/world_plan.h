#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "engine/measure.h"
#include "engine/places.h"
#include "engine/session_options.h"
#include "plan/fewer.h"
#include "plan/predict.h"
#include "plan/stage_needs.h"
#include "world/choose_exchange.h"
#include "world/group.h"

namespace lockstep::engine {

/// How ranks hand over, as measured.
struct ExchangePlan {
  world::ExchangeTiming timing;
  bool is_chosen = false;         // by measuring
  std::uint64_t decode_bytes = 0; // that each rank gives
  std::uint64_t prompt_bytes = 0;
};

/// What only a world that was measured can say.
struct MeasuredPlan {
  Measured measured;
  std::optional<ExchangePlan> exchange; // nothing for a rank alone
  plan::Prediction predicted;
  std::optional<plan::Fewer> fewer;
};

/// Which rank does what, and what it takes for it.
struct WorldPlan {
  std::vector<RankPlace> ranks;
  std::vector<checkpoint::LayerRange> layers; // by rank
  std::vector<plan::StageNeeds> needs;        // by rank
  std::vector<double> shares;     // of the work by rank, for a hosts file
  int context = 0;                // tokens
  int n_slots = 1;                // sequences at a time
  std::int64_t wanted_places = 0; // of the cache, for all of them
  std::int64_t places = 0;        // that there is memory for
  std::optional<MeasuredPlan> speed;

  std::uint64_t n_pages() const;
};

/// From what the model's files say and what is known of the ranks, as if all
/// computed like this process. Throws as make_setup() and places_for() do.
WorldPlan plan_unmeasured(
    const checkpoint::Checkpoint& checkpoint,
    const SessionOptions& options,
    std::vector<RankPlace> ranks);

/// Collective: measures every rank and the exchange and shares out the layers
/// by that; equal on all ranks. Reads a few layers, and takes a second or two.
/// Throws as Session does.
WorldPlan plan_measured(
    const world::Group& group,
    const checkpoint::Checkpoint& checkpoint,
    const SessionOptions& options);

} // namespace lockstep::engine
