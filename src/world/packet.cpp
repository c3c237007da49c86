#include "world/packet.h"

#include <algorithm>
#include <span>

#include "mlx/ops.h"
#include "mlx/utils.h"

#include "base/error.h"
#include "sched/words.h"

namespace lockstep::world {

namespace {

constexpr std::int32_t kMagic = 0x4c53544bL; // "LSTK"
constexpr int kSealWords = 8;
constexpr std::size_t kChecksumPlace = 6;

using Words = std::span<const std::int32_t>;

std::vector<std::int32_t> sealed_words(const Outbox& outbox) {
  std::vector<std::int32_t> words(
      static_cast<std::size_t>(kSealWords + outbox.size.body_words()));
  sched::WordWriter seal(words);
  seal.put(kMagic);
  seal.put(static_cast<std::int32_t>(outbox.seal.epoch));
  seal.put64(outbox.seal.tick);
  seal.put(static_cast<std::int32_t>(outbox.seal.plan_hash));
  seal.put(outbox.compute_us);
  const auto body = words.begin() + kSealWords;
  std::copy(outbox.header.begin(), outbox.header.end(), body);
  std::copy(
      outbox.results.begin(),
      outbox.results.end(),
      body + outbox.size.header_words);
  words[kChecksumPlace] = sched::checksum(words);
  return words;
}

void check_seal(Words words, const Seal& expected, int rank) {
  std::vector<std::int32_t> copy(words.begin(), words.end());
  copy[kChecksumPlace] = 0;
  if (words[kChecksumPlace] != sched::checksum(copy)) {
    fail(
        ErrorKind::diverged,
        "tick {}: the packet of rank {} is garbled (its checksum is wrong)",
        expected.tick,
        rank);
  }
  sched::WordReader seal(words);
  const auto magic = seal.get();
  const auto epoch = static_cast<std::uint32_t>(seal.get());
  const auto tick = seal.get64();
  const auto plan = static_cast<std::uint32_t>(seal.get());
  if (magic != kMagic || epoch != expected.epoch || tick != expected.tick ||
      plan != expected.plan_hash) {
    fail(
        ErrorKind::diverged,
        "rank {} is at epoch {}, tick {}, plan {:08x}; "
        "this rank is at epoch {}, tick {}, plan {:08x}",
        rank,
        epoch,
        tick,
        plan,
        expected.epoch,
        expected.tick,
        expected.plan_hash);
  }
}

int words_of_hidden(const PacketSize& size) {
  return size.rows * size.hidden * static_cast<int>(size_of(size.dtype)) / 4;
}

} // namespace

int PacketSize::total_words() const {
  return kSealWords + body_words() + words_of_hidden(*this);
}

mx::array pack(const Outbox& outbox) {
  const auto words = sealed_words(outbox);
  auto sealed =
      mx::array(words.data(), {static_cast<int>(words.size())}, mx::int32);
  const int room = words_of_hidden(outbox.size);
  if (room == 0) {
    return sealed;
  }
  if (!outbox.hidden) {
    return mx::concatenate({sealed, mx::zeros({room}, mx::int32)}, 0);
  }
  auto bits = mx::flatten(
      mx::view(mx::contiguous(mx::flatten(*outbox.hidden)), mx::int32));
  std::vector<mx::array> parts{sealed, bits};
  if (const int rest = room - static_cast<int>(bits.size()); rest > 0) {
    parts.push_back(mx::zeros({rest}, mx::int32));
  }
  return mx::concatenate(parts, 0);
}

Inbox unpack(
    const mx::array& packets,
    const PacketSize& size,
    const Seal& expected,
    int rank) {
  const int n_ranks = packets.shape(0);
  const int total = size.total_words();
  Inbox inbox;
  for (int r = 0; r < n_ranks; ++r) {
    const Words words(
        packets.data<std::int32_t>() + static_cast<std::ptrdiff_t>(r) * total,
        static_cast<std::size_t>(kSealWords + size.body_words()));
    check_seal(words, expected, r);
    inbox.compute_us.push_back(words[5]);
    const auto body = words.subspan(kSealWords);
    const auto n_header = static_cast<std::size_t>(size.header_words);
    if (r == 0) {
      inbox.header.assign(body.begin(), body.begin() + size.header_words);
    }
    if (r == n_ranks - 1) {
      const auto results = body.subspan(n_header);
      inbox.results.assign(results.begin(), results.end());
    }
  }
  if (rank > 0 && size.rows > 0) {
    const int first = kSealWords + size.body_words();
    const auto bits = mx::slice(packets, {rank - 1, first}, {rank, total});
    inbox.hidden = mx::reshape(
        mx::view(mx::contiguous(bits), size.dtype), {size.rows, size.hidden});
  }
  return inbox;
}

} // namespace lockstep::world
