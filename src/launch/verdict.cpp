#include "launch/verdict.h"

#include <utility>

namespace lockstep::launch {

namespace {

// mpirun tells how a rank ended within about 70 ms.
constexpr std::chrono::milliseconds kPatience(250);

} // namespace

void Verdict::add(Failure failure, Time now) {
  if (!cause_) {
    settled_at_ = now + kPatience;
  } else if (failure.weight <= cause_->weight || is_settled(now)) {
    return;
  }
  cause_ = std::move(failure);
  if (cause_->weight >= Weight::told) {
    settled_at_ = now;
  }
}

} // namespace lockstep::launch
