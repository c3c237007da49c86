#pragma once

#include "world/exchange.h"
#include "world/group.h"

namespace lockstep::world {

/// Hidden states go from each rank to the next one alone, each message as long
/// as the batch that it carries; a small all_gather brings everybody the rest.
/// Takes less of every link the more ranks there are.
class ShiftExchange final : public Exchange {
 public:
  /// The group's back end must have send and receive. `purpose`: exchange, or
  /// what exchanges are tried for.
  ShiftExchange(const Group& group, Purpose purpose)
      : group_(group), purpose_(purpose) {}
  Inbox swap(const Outbox& outbox) override;

 private:
  Group group_;
  Purpose purpose_;
};

} // namespace lockstep::world
