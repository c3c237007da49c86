#include "engine/idle_pause.h"

#include <algorithm>

#include <doctest/doctest.h>

namespace lockstep::engine {

TEST_CASE("a pause is a quarter of the time idle so far, up to the most") {
  // Seen to fail with: pauses that double.
  IdlePause pause;
  int idle_us = 0;
  int n_short = 0;
  while (true) {
    const int us = pause.next_us();
    CHECK(us >= std::min(idle_us / 5, sched::kMostPauseUs));
    CHECK(us <= 100 + idle_us / 4);
    CHECK(us <= sched::kMostPauseUs);
    if (us == sched::kMostPauseUs) {
      break;
    }
    idle_us += us;
    REQUIRE(++n_short < 100);
  }
  CHECK(pause.next_us() == sched::kMostPauseUs);
  pause.reset();
  CHECK(pause.next_us() == 100);
}

} // namespace lockstep::engine
