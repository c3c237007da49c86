#pragma once

#include "world/exchange.h"
#include "world/group.h"

namespace lockstep::world {

/// The idea lockstep began with: each rank puts its packet at its own place
/// among zeros, and one all_sum brings all of them to everybody. The packets
/// are summed as integers, so that −0 and NaN keep their bits.
class SumExchange final : public Exchange {
 public:
  /// `purpose`: exchange, or what exchanges are tried for.
  SumExchange(const Group& group, Purpose purpose)
      : group_(group), purpose_(purpose) {}
  Inbox swap(const Outbox& outbox) override;

 private:
  Group group_;
  Purpose purpose_;
};

} // namespace lockstep::world
