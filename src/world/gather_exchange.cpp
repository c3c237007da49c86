#include "world/gather_exchange.h"

#include "world/packet.h"

namespace lockstep::world {

Inbox GatherExchange::swap(const Outbox& outbox) {
  const auto packet = pack(outbox, group_.memory());
  auto inbox = unpack(
      group_.all_gather(purpose_, packet),
      outbox,
      group_.rank(),
      group_.memory());
  inbox.bytes_given = static_cast<std::int64_t>(packet.nbytes());
  return inbox;
}

} // namespace lockstep::world
