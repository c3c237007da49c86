#include "world/checksum.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace lockstep::world {

namespace {

constexpr std::size_t kLanes = 4;
constexpr std::uint64_t kMultiplier =
    0x9e3779b97f4a7c15U; // 2^64 / golden ratio

/// The rotation brings high bits down to where the product spreads them.
std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) {
  return std::rotl(hash ^ word, 29) * kMultiplier;
}

} // namespace

std::int32_t checksum_of_bits(std::span<const std::int32_t> words) {
  // Lanes that do not wait for one another: a product takes several cycles.
  std::array<std::uint64_t, kLanes> lanes{1, 2, 3, 4};
  while (words.size() >= 2 * kLanes) {
    std::array<std::uint64_t, kLanes> block{};
    std::memcpy(block.data(), words.data(), sizeof(block));
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] = mixed(lanes[lane], block[lane]);
    }
    words = words.subspan(2 * kLanes);
  }
  std::uint64_t hash = words.size();
  for (const auto word : words) {
    hash = mixed(hash, static_cast<std::uint32_t>(word));
  }
  for (const auto lane : lanes) {
    hash = mixed(hash, lane);
  }
  return static_cast<std::int32_t>(
      static_cast<std::uint32_t>(hash ^ (hash >> 32)));
}

} // namespace lockstep::world
