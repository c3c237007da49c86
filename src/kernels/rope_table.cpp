#include "kernels/rope_table.h"

#include <cmath>
#include <utility>

namespace lockstep::kernels {

RopeTable::RopeTable(std::vector<double> periods)
    : periods_(std::move(periods)) {
}

void RopeTable::reserve(int n_places) {
  const auto have = cosines_.size() / periods_.size();
  for (auto place = have; place < static_cast<std::size_t>(n_places); ++place) {
    for (const double period : periods_) {
      const double angle = static_cast<double>(place) / period;
      cosines_.push_back(static_cast<float>(std::cos(angle)));
      sines_.push_back(static_cast<float>(std::sin(angle)));
    }
  }
}

} // namespace lockstep::kernels
