#include "world/shift_exchange.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "world/checksum.h"
#include "world/host_rows.h"
#include "world/seal.h"

namespace lockstep::world {

namespace {

/// What this rank hands on, if anything, filled up to the room for it.
std::optional<mx::array> hidden_on(const Outbox& outbox) {
  if (outbox.rows_on == 0) {
    return std::nullopt;
  }
  if (outbox.hidden && outbox.hidden->shape(0) == outbox.rows_on) {
    return host_rows(*outbox.hidden);
  }
  auto filled =
      host_room({outbox.rows_on, outbox.size.hidden}, outbox.size.dtype);
  copy_bits(outbox.hidden, bits_of(filled));
  return filled;
}

mx::array pack_words(const Outbox& outbox, std::int32_t hidden_sum) {
  auto words = host_room({front_words(outbox.size)}, mx::int32);
  write_words(outbox, hidden_sum, bits_of(words));
  return words;
}

} // namespace

Inbox ShiftExchange::swap(const Outbox& outbox) {
  const int rank = group_.rank();
  const auto on = hidden_on(outbox);
  std::optional<Due> due;
  if (outbox.rows_due > 0) {
    due = {{outbox.rows_due, outbox.size.hidden}, outbox.size.dtype};
  }
  const auto words =
      pack_words(outbox, on ? checksum_of_bits(bits_of(*on)) : 0);
  auto received = group_.shift(purpose_, on, due);
  // The collective comes after, so that it ends when the messages have.
  const auto packets = group_.all_gather(purpose_, words);
  auto opened = open_words(bits_of(packets), words.size(), outbox, rank);
  auto& inbox = opened.inbox;
  if (received) {
    received->wait();
    check_hidden(bits_of(*received), opened.hidden_sum, outbox, rank);
  }
  inbox.hidden = std::move(received);
  inbox.bytes_given =
      static_cast<std::int64_t>(words.nbytes() + (on ? on->nbytes() : 0));
  return std::move(inbox);
}

} // namespace lockstep::world
