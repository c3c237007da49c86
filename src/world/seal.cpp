#include "world/seal.h"

#include <algorithm>

#include "base/error.h"
#include "sched/words.h"
#include "world/checksum.h"

namespace lockstep::world {

namespace {

constexpr std::int32_t kMagic = 0x4c53544bL; // "LSTK"
constexpr std::size_t kComputePlace = 5;
constexpr std::size_t kHiddenSumPlace = 6;
constexpr std::size_t kChecksumPlace = 7;

/// Of everything but the place that it is written to.
std::int32_t checksum_of(Words words) {
  const auto front = sched::checksum(words.first(kChecksumPlace));
  const auto back = sched::checksum(words.subspan(kChecksumPlace + 1));
  const std::int32_t both[]{front, back};
  return sched::checksum(both);
}

void check_seal(Words words, const Seal& expected, int rank) {
  if (words[kChecksumPlace] != checksum_of(words)) {
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

} // namespace

int front_words(const PacketSize& size) {
  return kSealWords + size.header_words + size.result_words;
}

void write_words(
    const Outbox& outbox,
    std::int32_t hidden_sum,
    std::span<std::int32_t> out) {
  const auto& size = outbox.size;
  out = out.first(static_cast<std::size_t>(front_words(size)));
  sched::WordWriter writer(out);
  writer.put(kMagic);
  writer.put(static_cast<std::int32_t>(outbox.seal.epoch));
  writer.put64(outbox.seal.tick);
  writer.put(static_cast<std::int32_t>(outbox.seal.plan_hash));
  writer.put(outbox.compute_us);
  writer.put(hidden_sum);
  writer.fill_rest();
  const auto body = out.begin() + kSealWords;
  std::copy(outbox.header.begin(), outbox.header.end(), body);
  std::copy(
      outbox.results.begin(), outbox.results.end(), body + size.header_words);
  out[kChecksumPlace] = checksum_of(out);
}

Opened open_words(
    Words packets, std::size_t stride, const Outbox& own, int rank) {
  const auto n_words = static_cast<std::size_t>(front_words(own.size));
  const auto n_header = static_cast<std::size_t>(own.size.header_words);
  Opened opened;
  auto& inbox = opened.inbox;
  for (int r = 0; !packets.empty(); ++r) {
    const auto words = packets.first(n_words);
    packets = packets.subspan(stride);
    check_seal(words, own.seal, r);
    inbox.compute_us.push_back(words[kComputePlace]);
    const auto header = words.subspan(kSealWords, n_header);
    const auto results = words.subspan(kSealWords + n_header);
    if (r == 0) {
      inbox.header.assign(header.begin(), header.end());
    }
    if (packets.empty()) {
      inbox.results.assign(results.begin(), results.end());
    }
    if (r == rank - 1) {
      opened.hidden_sum = words[kHiddenSumPlace];
    }
  }
  return opened;
}

void check_hidden(
    Words bits, std::int32_t stated, const Outbox& own, int rank) {
  if (checksum_of_bits(bits) != stated) {
    fail(
        ErrorKind::diverged,
        "tick {}: the hidden states of rank {} are garbled (their checksum is "
        "wrong)",
        own.seal.tick,
        rank - 1);
  }
}

} // namespace lockstep::world
