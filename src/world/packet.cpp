#include "world/packet.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "mlx/ops.h"
#include "mlx/utils.h"

#include "world/checksum.h"
#include "world/host_rows.h"
#include "world/seal.h"

namespace lockstep::world {

namespace {

int words_of_rows(const PacketSize& size, int rows) {
  return rows * size.hidden * static_cast<int>(size_of(size.dtype)) / 4;
}

/// Fills `out`, a whole packet in host memory.
void write_packet(const Outbox& outbox, std::span<std::int32_t> out) {
  const auto bits =
      out.subspan(static_cast<std::size_t>(front_words(outbox.size)));
  copy_bits(outbox.hidden, bits);
  const auto n_on = words_of_rows(outbox.size, outbox.rows_on);
  write_words(
      outbox,
      checksum_of_bits(bits.first(static_cast<std::size_t>(n_on))),
      out);
}

mx::array pack_on_device(const Outbox& outbox) {
  std::vector<std::int32_t> words(
      static_cast<std::size_t>(front_words(outbox.size)));
  write_words(outbox, 0, words);
  std::vector<mx::array> parts{
      mx::array(words.data(), {static_cast<int>(words.size())}, mx::int32)};
  int room = words_of_rows(outbox.size, outbox.size.rows);
  if (outbox.hidden) {
    parts.push_back(mx::flatten(
        mx::view(mx::contiguous(mx::flatten(*outbox.hidden)), mx::int32)));
    room -= static_cast<int>(parts.back().size());
  }
  if (room > 0) {
    parts.push_back(mx::zeros({room}, mx::int32));
  }
  return mx::concatenate(parts, 0);
}

} // namespace

int PacketSize::total_words() const {
  return front_words(*this) + words_of_rows(*this, rows);
}

mx::array pack(const Outbox& outbox, Memory memory) {
  if (memory == Memory::device) {
    return pack_on_device(outbox);
  }
  auto packet = host_room({outbox.size.total_words()}, mx::int32);
  write_packet(outbox, bits_of(packet));
  return packet;
}

mx::array pack_among(
    const Outbox& outbox, int rank, int n_ranks, Memory memory) {
  const int total = outbox.size.total_words();
  if (memory == Memory::host) {
    auto packets = host_room({n_ranks, total}, mx::int32);
    const auto words = bits_of(packets);
    std::fill(words.begin(), words.end(), 0);
    write_packet(
        outbox,
        words.subspan(
            static_cast<std::size_t>(rank) * static_cast<std::size_t>(total),
            static_cast<std::size_t>(total)));
    return packets;
  }
  const auto own = mx::reshape(pack_on_device(outbox), {1, total});
  return mx::pad(
      own, {{rank, n_ranks - 1 - rank}, {0, 0}}, mx::array(0, mx::int32));
}

Inbox unpack(
    const mx::array& packets, const Outbox& own, int rank, Memory memory) {
  const auto& size = own.size;
  const int total = size.total_words();
  auto opened =
      open_words(bits_of(packets), static_cast<std::size_t>(total), own, rank);
  if (own.rows_due == 0) {
    return std::move(opened.inbox);
  }
  const int first = (rank - 1) * total + front_words(size);
  const int n = words_of_rows(size, own.rows_due);
  const mx::Shape shape{own.rows_due, size.hidden};
  if (memory == Memory::device) {
    const auto bits = mx::slice(mx::flatten(packets), {first}, {first + n});
    opened.inbox.hidden = mx::reshape(mx::view(bits, size.dtype), shape);
    return std::move(opened.inbox);
  }
  const auto bits = bits_of(packets).subspan(
      static_cast<std::size_t>(first), static_cast<std::size_t>(n));
  check_hidden(bits, opened.hidden_sum, own, rank);
  auto hidden = host_room(shape, size.dtype);
  std::copy(bits.begin(), bits.end(), bits_of(hidden).begin());
  opened.inbox.hidden = std::move(hidden);
  return std::move(opened.inbox);
}

} // namespace lockstep::world
