#include "app/model_check.h"

#include <algorithm>

#include "app/model_path.h"
#include "checkpoint/checkpoint.h"
#include "model/families/family.h"
#include "plan/partition.h"

namespace lockstep::app {

void check_model(const std::string& model, int n_ranks) {
  const auto checkpoint = checkpoint::Checkpoint::open(find_model(model));
  const auto config = model::family_of(checkpoint).parse(checkpoint);
  plan::split_layers(
      plan::token_costs(checkpoint, config), std::max(1, n_ranks));
}

} // namespace lockstep::app
