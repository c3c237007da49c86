#include "engine/idle_pause.h"

#include <algorithm>
#include <utility>

namespace lockstep::engine {

int IdlePause::next_us() {
  return std::exchange(us_, std::min(us_ + us_ / 4, sched::kMostPauseUs));
}

} // namespace lockstep::engine
