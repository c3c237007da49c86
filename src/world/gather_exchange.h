#pragma once

#include "world/exchange.h"
#include "world/group.h"

namespace lockstep::world {

/// One all_gather of every rank's packet.
class GatherExchange final : public Exchange {
 public:
  /// `purpose`: exchange, or what exchanges are tried for.
  GatherExchange(const Group& group, Purpose purpose)
      : group_(group), purpose_(purpose) {}
  Inbox swap(const Outbox& outbox) override;

 private:
  Group group_;
  Purpose purpose_;
};

} // namespace lockstep::world
