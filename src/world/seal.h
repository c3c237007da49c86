#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "world/exchange.h"

namespace lockstep::world {

using Words = std::span<const std::int32_t>;

inline constexpr int kSealWords = 8;

/// Words of seal, header and results, which come before the hidden states.
int front_words(const PacketSize& size);

/// Writes these of `outbox` to the front of `out`. `hidden_sum` is the checksum
/// of the hidden states that go with them.
void write_words(
    const Outbox& outbox, std::int32_t hidden_sum, std::span<std::int32_t> out);

/// What packets say beside hidden states.
struct Opened {
  Inbox inbox;                 // without hidden states
  std::int32_t hidden_sum = 0; // as stated by the rank before; 0 on rank 0
};

/// Reads that part of all ranks' packets, which begin `stride` words apart.
/// `own` is what this rank gave. Throws Error{diverged} naming the first rank
/// whose seal differs from own's or whose checksum is wrong.
Opened open_words(
    Words packets, std::size_t stride, const Outbox& own, int rank);

/// Throws Error{diverged} naming the rank before when what came from it does
/// not have the checksum that it stated.
void check_hidden(Words bits, std::int32_t stated, const Outbox& own, int rank);

} // namespace lockstep::world
