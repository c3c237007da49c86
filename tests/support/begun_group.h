#pragma once

#include "world/group.h"

namespace lockstep::testing {

/// A rank alone that has everything behind it that comes before the choice of
/// an exchange and the first tick.
inline world::Group begun_group() {
  auto group = world::Group::alone();
  group.gather_texts(world::Purpose::facts, "alone");
  group.gather_texts(world::Purpose::memory, "alone");
  return group;
}

} // namespace lockstep::testing
