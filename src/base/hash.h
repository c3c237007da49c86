#pragma once

#include <cstdint>
#include <string_view>

namespace lockstep {

/// FNV-1a, 64 bits: `text` added to what was hashed before.
constexpr std::uint64_t fnv1a(
    std::string_view text, std::uint64_t before = 0xcbf29ce484222325ULL) {
  std::uint64_t hash = before;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  return hash;
}

} // namespace lockstep
