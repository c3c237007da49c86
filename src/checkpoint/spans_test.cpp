#include "checkpoint/spans.h"

#include <random>

#include <doctest/doctest.h>

namespace lockstep::checkpoint {

TEST_CASE("spans of bytes are as a list of each byte has them") {
  // Seen to fail with: merged() that keeps the end of the later of two spans
  // one of which holds the other; covers() that asks the span after.
  std::mt19937 random(5);
  constexpr std::uint64_t kSize = 40;
  for (int round = 0; round < 500; ++round) {
    std::vector<Span> spans;
    std::vector<bool> bytes(kSize, false);
    for (auto n = random() % 6; n > 0; --n) {
      const auto offset = random() % kSize;
      spans.push_back({offset, random() % (kSize - offset + 1)});
      for (auto i = offset; i < spans.back().end(); ++i) {
        bytes[i] = true;
      }
    }
    const auto whole = merged(spans);
    const auto others = all_but(spans, kSize);
    CHECK(bytes_of(whole) + bytes_of(others) == kSize);
    for (std::uint64_t i = 0; i < kSize; ++i) {
      CHECK(covers(whole, {i, 1}) == bytes[i]);
      CHECK(covers(others, {i, 1}) != bytes[i]);
    }
    for (std::size_t i = 1; i < whole.size(); ++i) {
      CHECK(whole[i - 1].end() < whole[i].offset);
    }
    for (const auto& span : whole) {
      CHECK(covers(whole, span));
      CHECK(!covers(whole, {span.offset, span.bytes + 1}));
    }
  }
}

} // namespace lockstep::checkpoint
