#include "app/model_check.h"

#include <algorithm>

#include "app/model_path.h"
#include "model/families/family.h"
#include "plan/partition.h"

namespace lockstep::app {

void check_model(const std::string& model, int n_ranks) {
  check_model(checkpoint::Checkpoint::open(find_model(model)), n_ranks);
}

void check_model(const checkpoint::Checkpoint& checkpoint, int n_ranks) {
  const auto config = model::family_of(checkpoint).parse(checkpoint);
  plan::split_layers(
      plan::token_costs(checkpoint, config), std::max(1, n_ranks));
}

} // namespace lockstep::app
