#pragma once

#include "world/exchange.h"
#include "world/group.h"

namespace lockstep::world {

/// One all_gather of every rank's packet.
class GatherExchange final : public Exchange {
 public:
  explicit GatherExchange(const Group& group) : group_(group) {}
  Inbox swap(const Outbox& outbox) override;

 private:
  Group group_;
};

} // namespace lockstep::world
