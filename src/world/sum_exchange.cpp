#include "world/sum_exchange.h"

#include <vector>

#include "mlx/ops.h"

#include "world/packet.h"

namespace lockstep::world {

Inbox SumExchange::swap(const Outbox& outbox) {
  const int total = outbox.size.total_words();
  const int rank = group_.rank();
  const int after = group_.size() - 1 - rank;
  std::vector<mx::array> parts;
  if (rank > 0) {
    parts.push_back(mx::zeros({rank, total}, mx::int32));
  }
  parts.push_back(mx::reshape(pack(outbox), {1, total}));
  if (after > 0) {
    parts.push_back(mx::zeros({after, total}, mx::int32));
  }
  const auto packets = group_.all_sum(purpose_, mx::concatenate(parts, 0));
  return unpack(packets, outbox.size, outbox.seal, rank);
}

} // namespace lockstep::world
