#include "world/sum_exchange.h"

#include "world/packet.h"

namespace lockstep::world {

Inbox SumExchange::swap(const Outbox& outbox) {
  const auto packets =
      pack_among(outbox, group_.rank(), group_.size(), group_.memory());
  auto inbox = unpack(
      group_.all_sum(purpose_, packets),
      outbox,
      group_.rank(),
      group_.memory());
  inbox.bytes_given = static_cast<std::int64_t>(packets.nbytes());
  return inbox;
}

} // namespace lockstep::world
