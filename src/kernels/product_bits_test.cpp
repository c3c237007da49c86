#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/product_cases.h"

namespace lockstep::kernels {

namespace {

using testing::cases;
using testing::random_rows;
using testing::RandomMatrix;
using testing::run;

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

} // namespace

TEST_CASE("every instruction set gives the same bits") {
  // Seen to fail with: a multiply and an add where the others fuse them.
  std::mt19937 random(2);
  for (const auto& c : cases()) {
    const RandomMatrix matrix(c.out, c.in, c.kind, random);
    const auto x = random_rows(c.rows, c.in, random);
    const auto tables = usable_tables();
    const auto first = run(*tables.front(), Accuracy::exact, 1, matrix, x);
    for (const auto* table : tables) {
      CAPTURE(std::string(table->name));
      CAPTURE(c.kind.bits);
      CHECK(same_bits(first, run(*table, Accuracy::exact, 1, matrix, x)));
    }
  }
}

TEST_CASE("every processor gives the same bits") {
  // Seen to fail with: one code more in one weight. The number is that of x86
  // and ARM alike; it changes with the scheme, not with the machine.
  Context context(best_table(), Accuracy::exact, 1);
  Arena arena;
  std::mt19937 random(99);
  std::vector<std::byte> words(48 * 128 / 2);
  for (auto& byte : words) {
    byte = static_cast<std::byte>(random() & 0xffU);
  }
  std::vector<std::uint16_t> scales(48 * 4);
  for (auto& scale : scales) {
    scale = static_cast<std::uint16_t>(0x2000U + (random() & 0x3ffU));
  }
  std::vector<float> x(7 * 128);
  for (auto& value : x) {
    value =
        static_cast<float>(static_cast<int>(random() % 2001) - 1000) / 64.0F;
  }
  const auto bytes = std::as_bytes(std::span(scales));
  std::vector<Weighted> parts;
  parts.push_back(
      {PackedMatrix(
           AffineSource{48, 128, 4, 32, words, bytes, bytes, Stored::f16},
           arena,
           context.pool),
       {}});
  const Product product(std::move(parts));
  Activations in;
  in.take(context, product.forms(), {x.data(), 7, 128, nullptr, 0.0F});
  std::vector<float> y(7 * 48);
  product.run(context, in, nullptr, y.data());
  std::uint32_t hash = 0x811c9dc5U;
  for (const float value : y) {
    hash = (hash ^ bits_of_float(value)) * 0x01000193U;
  }
  CHECK(hash == 674786050U);
}

TEST_CASE("a row's bits depend on no other row and on no number of threads") {
  // Seen to fail with: one scale for a panel instead of one for each row.
  std::mt19937 random(3);
  for (const auto& c : cases()) {
    const RandomMatrix matrix(c.out, c.in, c.kind, random);
    const auto x = random_rows(c.rows, c.in, random);
    for (const auto accuracy : {Accuracy::exact, Accuracy::fast}) {
      const auto& table = *usable_tables().front();
      const auto all = run(table, accuracy, 3, matrix, x);
      std::vector<float> single;
      for (int r = 0; r < c.rows; ++r) {
        const auto first = x.begin() + r * c.in;
        const auto y = run(table, accuracy, 1, matrix, {first, first + c.in});
        single.insert(single.end(), y.begin(), y.end());
      }
      CHECK(same_bits(all, single));
    }
  }
}

} // namespace lockstep::kernels
