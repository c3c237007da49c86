#pragma once

#include <cstdint>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/config.h"
#include "engine/compute.h"
#include "engine/places.h"
#include "engine/session_options.h"
#include "model/families/family.h"
#include "plan/layout.h"
#include "world/choose_exchange.h"
#include "world/group.h"

namespace lockstep::engine {

/// The context that `asked` tokens (0 = all) mean for a model. Throws
/// Error{request} when the model has less.
int context_of(const checkpoint::ModelConfig& config, int asked);

/// What the ranks of a world are to each other, before any weight is read.
struct Setup {
  const model::Family& family;
  checkpoint::ModelConfig config;
  int context = 0;                // tokens
  int chunk = 0;                  // most prompt tokens of one tick
  std::int64_t wanted_places = 0; // of the cache, of all sequences together
  Compute compute;                // of this rank
  std::vector<RankPlace> places;  // by rank
  plan::MemoryModel memory;
  std::vector<checkpoint::LayerRange> layers; // by rank

  int n_ranks() const { return static_cast<int>(places.size()); }
};

/// The setup of a world of `places` that computes as this rank does. Layers go
/// to ranks as the options' split says, else so that the slowest rank is as
/// fast as can be by its share and under its limit. Throws Error{usage},
/// Error{request} or Error{memory}.
Setup make_setup(
    const checkpoint::Checkpoint& checkpoint,
    const SessionOptions& options,
    std::vector<RankPlace> places,
    Compute compute);

/// The layout of a setup for other costs by rank than the shares say.
std::vector<checkpoint::LayerRange> choose_layers(
    const Setup& setup,
    const SessionOptions& options,
    const std::vector<plan::Costs>& costs);

/// Collective: makes the setup from what all ranks say of themselves, and
/// compares with theirs what must be the same everywhere. Throws as above, and
/// Error{diverged} naming a rank that differs.
Setup agree_on_setup(
    const world::Group& group,
    const checkpoint::Checkpoint& checkpoint,
    const SessionOptions& options);

/// What ticks will be like in which `n_slots` sequences answer and prompts
/// enter in chunks.
world::TypicalSizes typical_sizes(const Setup& setup, int n_slots);

/// Which rank holds which layers, as one line: "0-14 15-29".
std::string layers_text(const std::vector<checkpoint::LayerRange>& layers);

} // namespace lockstep::engine
