#include "kernels/product.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
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
using Kind = RandomMatrix::Kind;

/// Of the block of inputs that i is in.
double block_largest(const float* row, int i) {
  double largest = 0.0;
  for (int k = i / kBlock * kBlock; k < (i / kBlock + 1) * kBlock; ++k) {
    largest = std::max(largest, std::abs(static_cast<double>(row[k])));
  }
  return largest;
}

/// The largest error of an output, 1 being what rounding each block of inputs
/// to integers of at most `most` may cost (0 = no rounding), and what float
/// sums may.
double error(
    const RandomMatrix& matrix,
    const std::vector<float>& x,
    const std::vector<float>& y,
    double most) {
  double worst = 0.0;
  const double most_weight = matrix.largest();
  const int rows = static_cast<int>(x.size()) / matrix.in();
  for (int r = 0; r < rows; ++r) {
    const float* row = x.data() + r * matrix.in();
    const auto wanted = matrix.times(row);
    for (int o = 0; o < matrix.out(); ++o) {
      double bound = 1e-6;
      for (int i = 0; i < matrix.in(); ++i) {
        const double largest = most > 0.0 ? block_largest(row, i) : 0.0;
        const double weight = std::abs(matrix.value(o, i));
        bound += (most > 0.0 ? weight * largest / most / 2 : 0.0) +
                 4e-6 * (weight + most_weight) *
                     std::abs(static_cast<double>(row[i]));
      }
      const auto got = static_cast<double>(*(y.begin() + r * matrix.out() + o));
      worst = std::max(
          worst, std::abs(got - wanted[static_cast<std::size_t>(o)]) / bound);
    }
  }
  return worst;
}

} // namespace

TEST_CASE("products are those of double precision, whatever the encoding") {
  // Seen to fail with: the high halves of a step taken for the low ones; a
  // panel's scales of the row before; zero points of 4 bits in 8-bit codes.
  std::mt19937 random(1);
  for (const auto& c : cases()) {
    const RandomMatrix matrix(c.out, c.in, c.kind, random);
    const auto x = random_rows(c.rows, c.in, random);
    for (const auto* table : usable_tables()) {
      const auto y = run(*table, Accuracy::exact, 2, matrix, x);
      CAPTURE(std::string(table->name));
      CAPTURE(c.rows);
      CAPTURE(c.out);
      CAPTURE(c.in);
      CAPTURE(c.kind.bits);
      CHECK(error(matrix, x, y, c.kind.bits > 0 ? kLargestDigits : 0) < 1.0);
    }
  }
}

TEST_CASE("fast products round their input to 8 bits and nothing else") {
  // Seen to fail with: digits of 16 bits cut to 8.
  std::mt19937 random(4);
  for (const auto& c : cases()) {
    const RandomMatrix matrix(c.out, c.in, c.kind, random);
    const auto x = random_rows(c.rows, c.in, random);
    for (const auto* table : usable_tables()) {
      CAPTURE(std::string(table->name));
      const auto y = run(*table, Accuracy::fast, 2, matrix, x);
      CHECK(error(matrix, x, y, c.kind.bits > 0 ? 127 : 0) < 1.0);
    }
  }
}

TEST_CASE("biases and residuals are added where they belong") {
  // Seen to fail with: the first part's bias for all parts.
  std::mt19937 random(5);
  Context context(*usable_tables().front(), Accuracy::exact, 2);
  Arena arena;
  const RandomMatrix a(40, 64, {4, 32, false, Stored::f16}, random);
  const RandomMatrix b(3, 64, {0, 0, false, Stored::f32}, random);
  std::vector<float> bias_a(40, 1.0F);
  std::vector<float> bias_b(3, 2.0F);
  std::vector<Weighted> parts;
  parts.push_back({a.packed(arena, context.pool), bias_a});
  parts.push_back({b.packed(arena, context.pool), bias_b});
  const Product product(std::move(parts));
  CHECK(product.out() == 43);
  const auto x = random_rows(5, 64, random);
  const auto residual = random_rows(5, 43, random);
  Activations in;
  in.take(context, product.forms(), {x.data(), 5, 64, nullptr, 0.0F});
  std::vector<float> y(5 * 43);
  product.run(context, in, residual.data(), y.data());
  for (int r = 0; r < 5; ++r) {
    const auto of_a = a.times(x.data() + r * 64);
    const auto of_b = b.times(x.data() + r * 64);
    for (int o = 0; o < 43; ++o) {
      const double wanted =
          (o < 40 ? of_a[static_cast<std::size_t>(o)] + 1.0
                  : of_b[static_cast<std::size_t>(o - 40)] + 2.0) +
          static_cast<double>(*(residual.begin() + r * 43 + o));
      const auto got = static_cast<double>(*(y.begin() + r * 43 + o));
      CHECK(std::abs(got - wanted) < 0.1);
    }
  }
}

TEST_CASE("a gated product is down(silu(gate) * up) behind a norm") {
  // Seen to fail with: gate and up exchanged; no norm.
  std::mt19937 random(6);
  for (const int bits : {0, 4}) {
    Context context(*usable_tables().front(), Accuracy::exact, 2);
    Arena arena;
    const Kind kind{bits, 32, false, Stored::f16};
    const int middle = bits == 0 ? 83 : 96;
    const RandomMatrix gate(middle, 64, kind, random);
    const RandomMatrix up(middle, 64, kind, random);
    const RandomMatrix down(64, middle, kind, random);
    const GatedProduct product(
        {gate.packed(arena, context.pool), {}},
        {up.packed(arena, context.pool), {}},
        {down.packed(arena, context.pool), {}});
    const int rows = 15;
    const auto x = random_rows(rows, 64, random);
    const std::vector<float> norm(64, 0.25F);
    Activations in;
    in.take(context, product.forms(), {x.data(), rows, 64, norm.data(), 1e-5F});
    std::vector<float> y(rows * 64);
    product.run(context, in, x.data(), y.data());
    for (int r = 0; r < rows; ++r) {
      double squares = 0.0;
      for (int i = 0; i < 64; ++i) {
        squares += std::pow(*(x.begin() + r * 64 + i), 2);
      }
      std::vector<float> normed(64);
      for (int i = 0; i < 64; ++i) {
        normed[static_cast<std::size_t>(i)] = static_cast<float>(
            *(x.begin() + r * 64 + i) * 0.25 / std::sqrt(squares / 64 + 1e-5));
      }
      const auto g = gate.times(normed.data());
      const auto u = up.times(normed.data());
      std::vector<float> mixed;
      mixed.reserve(g.size());
      for (std::size_t i = 0; i < g.size(); ++i) {
        mixed.push_back(
            static_cast<float>(g[i] / (1.0 + std::exp(-g[i])) * u[i]));
      }
      const auto wanted = down.times(mixed.data());
      double size = 0.0;
      for (const double w : wanted) {
        size += w * w / 64;
      }
      for (std::size_t i = 0; i < 64; ++i) {
        const auto at = static_cast<std::size_t>(r) * 64 + i;
        CHECK(
            std::abs(
                static_cast<double>(y[at]) - static_cast<double>(x[at]) -
                wanted[i]) < 1e-3 * std::sqrt(size) + 1e-3);
      }
    }
  }
}

TEST_CASE("what is not a number stays visible") {
  // Seen to fail with: a scale that passes over values that are no numbers.
  std::mt19937 random(7);
  const RandomMatrix matrix(20, 64, {4, 32, false, Stored::f16}, random);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(),
        std::numeric_limits<float>::infinity()}) {
    auto x = random_rows(2, 64, random);
    x[70] = bad;
    for (const auto* table : usable_tables()) {
      const auto y = run(*table, Accuracy::exact, 1, matrix, x);
      CHECK(std::isfinite(y[0]));
      CHECK(std::isnan(y[20]));
    }
  }
}

TEST_CASE("a packed matrix gives back its rows") {
  // Seen to fail with: the codes of 4 bits read as if they were 8.
  std::mt19937 random(8);
  ThreadPool pool(2);
  for (const auto& c : cases()) {
    Arena arena;
    const RandomMatrix matrix(c.out, c.in, c.kind, random);
    const auto packed = matrix.packed(arena, pool);
    std::vector<float> row(static_cast<std::size_t>(c.in));
    for (const int out : {0, c.out / 2, c.out - 1}) {
      packed.row(out, row.data());
      for (int i = 0; i < c.in; ++i) {
        CHECK(
            static_cast<double>(row[static_cast<std::size_t>(i)]) ==
            doctest::Approx(matrix.value(out, i)).epsilon(1e-6));
      }
    }
  }
}

} // namespace lockstep::kernels
