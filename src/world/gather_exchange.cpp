#include "world/gather_exchange.h"

#include "world/packet.h"

namespace lockstep::world {

Inbox GatherExchange::swap(const Outbox& outbox) {
  const auto packets = group_.all_gather(purpose_, pack(outbox));
  return unpack(packets, outbox.size, outbox.seal, group_.rank());
}

} // namespace lockstep::world
