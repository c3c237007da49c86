#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/layout.h"

namespace lockstep::kernels {

struct Context;

/// Room for n values in memory that is kept; what is there is of no more use.
template <class Value>
void make_room(std::vector<Value>& values, std::size_t n) {
  if (values.size() < n) {
    values.resize(n);
  }
}

/// What a product needs of its input: integers for quantized weights, values
/// for dense ones, or both where matrices of both kinds share an input.
struct InputForms {
  bool quantized = false;
  bool dense = false;
};

/// How rows come to a product.
struct RowSource {
  const float* x = nullptr; // [rows, in]
  int rows = 0;
  int in = 0;
  const float* norm = nullptr; // [in] weights of an RMS norm; null = none
  float eps = 0.0F;
};

/// Rows of activations in panels, as kernels read them. Keeps its memory from
/// one use to the next.
class Activations {
 public:
  /// Room for rows that some other kernel fills in.
  void reset(const Context& context, InputForms forms, int rows, int in);
  /// The rows of `source`, through its norm.
  void take(Context& context, InputForms forms, const RowSource& source);

  int rows() const { return rows_; }
  int in() const { return in_; }
  int n_panels() const { return static_cast<int>(starts_.size()) - 1; }
  int first_row(int panel) const { // of n_panels() too: the number of rows
    return starts_[static_cast<std::size_t>(panel)];
  }
  Panel panel(int i);

  /// Takes kBlock values from input `first` on of all rows of a panel;
  /// fewer at the end of rows that are dense only.
  void put_block(
      const Context& context,
      int panel,
      int first,
      const float* values, // [rows of the panel, stride]
      std::ptrdiff_t stride);

 private:
  InputForms forms_;
  int rows_ = 0;
  int in_ = 0;
  int words_ = 2; // of a quad
  std::vector<int> starts_;
  std::vector<std::int32_t> quads_;
  std::vector<float> scales_;
  std::vector<std::int32_t> totals_;
  std::vector<float> sums_;
  std::vector<float> values_;
};

} // namespace lockstep::kernels
