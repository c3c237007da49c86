#pragma once

#include <vector>

#include "kernels/product.h"
#include "support/random_matrix.h"

namespace lockstep::testing {

using kernels::Accuracy;
using kernels::Stored;

struct Case {
  int rows;
  int out;
  int in;
  RandomMatrix::Kind kind;
};

/// Every encoding with shapes that divide nothing: 1 row, 1 column, sizes that
/// are not multiples of a tile or of a panel.
inline std::vector<Case> cases() {
  std::vector<Case> all;
  using Kind = RandomMatrix::Kind;
  const std::vector<Kind> kinds{
      {4, 32, false, Stored::f16},
      {4, 32, true, Stored::f16},
      {4, 64, false, Stored::f32},
      {4, 128, true, Stored::f32},
      {8, 32, false, Stored::bf16},
      {8, 64, true, Stored::f16},
      {8, 128, false, Stored::f32},
      {2, 32, false, Stored::f16},
      {3, 64, false, Stored::f32},
      {5, 32, true, Stored::f16},
      {6, 64, false, Stored::bf16}};
  for (const auto& kind : kinds) {
    for (const int rows : {1, 2, 3, 7, 13, 29}) {
      all.push_back({rows, 1 + 23 * (rows % 5), 128 * (1 + rows % 3), kind});
    }
  }
  for (const auto type : {Stored::f32, Stored::f16, Stored::bf16}) {
    for (const int rows : {1, 2, 3, 5, 12, 25}) {
      all.push_back(
          {rows, 1 + 31 * (rows % 4), 1 + 17 * rows, {0, 0, false, type}});
    }
  }
  return all;
}

/// W x + b for the rows of x.
inline std::vector<float> run(
    const kernels::Table& table,
    Accuracy accuracy,
    int n_threads,
    const RandomMatrix& matrix,
    const std::vector<float>& x,
    const std::vector<float>& bias = {}) {
  kernels::Context context(table, accuracy, n_threads);
  kernels::Arena arena;
  std::vector<kernels::Weighted> parts;
  parts.push_back({matrix.packed(arena, context.pool), bias});
  const kernels::Product product(std::move(parts));
  const int rows = static_cast<int>(x.size()) / matrix.in();
  kernels::Activations in;
  in.take(
      context, product.forms(), {x.data(), rows, matrix.in(), nullptr, 0.0F});
  std::vector<float> y(static_cast<std::size_t>(rows * matrix.out()));
  product.run(context, in, nullptr, y.data());
  return y;
}

} // namespace lockstep::testing
