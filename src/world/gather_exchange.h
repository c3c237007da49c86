#pragma once

#include "world/exchange.h"
#include "world/group.h"

namespace lockstep::world {

/// The default exchange: one all_gather of every rank's packet.
class GatherExchange final : public Exchange {
 public:
  /// `purpose`: exchange, or trial where exchanges are only tried.
  explicit GatherExchange(
      const Group& group, Purpose purpose = Purpose::exchange)
      : group_(group), purpose_(purpose) {}
  Inbox swap(const Outbox& outbox) override;

 private:
  Group group_;
  Purpose purpose_;
};

} // namespace lockstep::world
