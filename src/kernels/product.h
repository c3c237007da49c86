#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "kernels/activations.h"
#include "kernels/context.h"
#include "kernels/packed_matrix.h"

namespace lockstep::kernels {

/// W and b of y = W x + b.
struct Weighted {
  PackedMatrix matrix;
  std::vector<float> bias; // empty = none
};

InputForms forms_of(std::span<const Weighted> parts);

/// Several matrices of one input; outputs of one after those of the other.
class Product {
 public:
  explicit Product(std::vector<Weighted> parts);

  int in() const { return parts_.front().matrix.layout().in; }
  int out() const { return out_; }
  InputForms forms() const { return forms_of(parts_); }

  /// y = W x + b, plus `residual` where it is not null; all [rows, …].
  void run(
      Context& context, Activations& x, const float* residual, float* y) const;

 private:
  std::vector<Weighted> parts_;
  std::vector<int> columns_; // where the outputs of each part begin
  int out_ = 0;
};

/// down(silu(gate(x)) * up(x)), the middle never leaving the threads' caches
/// unquantized.
class GatedProduct {
 public:
  GatedProduct(Weighted gate, Weighted up, Weighted down);

  int in() const { return gate_up_[0].matrix.layout().in; }
  int out() const { return down_.out(); }
  InputForms forms() const { return forms_of(gate_up_); }

  void run(
      Context& context, Activations& x, const float* residual, float* y) const;

 private:
  std::vector<Weighted> gate_up_;
  Product down_;
};

} // namespace lockstep::kernels
