#include "base/half.h"

#include <cstdint>

#include <doctest/doctest.h>

namespace lockstep {

// Seen to fail with: cut off; halves always up.
TEST_CASE("bfloat16 keeps its own numbers and rounds others to nearest even") {
  for (std::uint32_t bits = 0; bits < 0x7f80U; ++bits) {
    const auto own = static_cast<std::uint16_t>(bits);
    REQUIRE(bf16_from_float(float_from_bf16(own)) == own);
  }
  CHECK(bf16_from_float(float_from_bits(0x3f807fffU)) == 0x3f80U);
  CHECK(bf16_from_float(float_from_bits(0x3f808000U)) == 0x3f80U);
  CHECK(bf16_from_float(float_from_bits(0x3f808001U)) == 0x3f81U);
  CHECK(bf16_from_float(float_from_bits(0x3f818000U)) == 0x3f82U);
  CHECK(bf16_from_float(-1.0F) == 0xbf80U);
}

} // namespace lockstep
