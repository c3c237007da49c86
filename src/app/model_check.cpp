#include "app/model_check.h"

#include <algorithm>

#include "app/model_path.h"
#include "model/families/family.h"
#include "plan/partition.h"
#include "plan/split_text.h"

namespace lockstep::app {

void check_model(const std::string& model, const WorldOptions& world) {
  check_model(checkpoint::Checkpoint::open(find_model(model)), world);
}

void check_model(
    const checkpoint::Checkpoint& checkpoint, const WorldOptions& world) {
  const auto config = model::family_of(checkpoint).parse(checkpoint);
  const int n_ranks = std::max(1, world.n_ranks);
  plan::split_layers(plan::token_costs(checkpoint, config), n_ranks);
  if (!world.split.empty()) {
    plan::ranges_of(
        world.split, n_ranks, static_cast<int>(config.layers.size()));
  }
}

} // namespace lockstep::app
