#include "engine/random.h"

namespace lockstep::engine {

namespace {

constexpr std::uint64_t kMultiplier0 = 0xD2511F53U;
constexpr std::uint64_t kMultiplier1 = 0xCD9E8D57U;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9U;
constexpr std::uint32_t kWeyl1 = 0xBB67AE85U;
constexpr int kRounds = 10;

std::uint32_t low(std::uint64_t x) {
  return static_cast<std::uint32_t>(x);
}

std::uint32_t high(std::uint64_t x) {
  return static_cast<std::uint32_t>(x >> 32);
}

} // namespace

std::array<std::uint32_t, 4> philox(
    std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t a = kMultiplier0 * counter[0];
    const std::uint64_t b = kMultiplier1 * counter[2];
    counter = {
        high(b) ^ counter[1] ^ key[0],
        low(b),
        high(a) ^ counter[3] ^ key[1],
        low(a)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

double random_uniform(std::uint64_t seed, int choice, int index, int draw) {
  const auto words = philox(
      {static_cast<std::uint32_t>(index),
       static_cast<std::uint32_t>(draw),
       static_cast<std::uint32_t>(choice),
       0},
      {low(seed), high(seed)});
  const std::uint64_t bits = ((std::uint64_t{words[0]} << 32) | words[1]) >> 11;
  return static_cast<double>(bits) * 0x1.0p-53;
}

} // namespace lockstep::engine
