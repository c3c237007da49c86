#include "model/linear.h"

#include <utility>

#include "mlx/ops.h"

namespace lockstep::model {

std::uint64_t Matrix::bytes() const {
  return weight.nbytes() + (scales ? scales->nbytes() : 0) +
         (biases ? biases->nbytes() : 0);
}

Linear::Linear(Matrix matrix, std::optional<mx::array> bias)
    : matrix_(std::move(matrix)), bias_(std::move(bias)) {
}

mx::array Linear::operator()(const mx::array& x) const {
  const auto y = matrix_.scales ? mx::quantized_matmul(
                                      x,
                                      matrix_.weight,
                                      *matrix_.scales,
                                      matrix_.biases,
                                      true,
                                      matrix_.affine.group,
                                      matrix_.affine.bits)
                                : mx::matmul(x, mx::transpose(matrix_.weight));
  return bias_ ? mx::add(y, *bias_) : y;
}

Embedding::Embedding(Matrix matrix, mx::Dtype dtype)
    : matrix_(std::move(matrix)), dtype_(dtype) {
}

mx::array Embedding::rows(const mx::array& tokens) const {
  const auto rows = mx::take(matrix_.weight, tokens, 0);
  if (!matrix_.scales) {
    return mx::astype(rows, dtype_);
  }
  return mx::astype(
      mx::dequantize(
          rows,
          mx::take(*matrix_.scales, tokens, 0),
          mx::take(*matrix_.biases, tokens, 0),
          matrix_.affine.group,
          matrix_.affine.bits),
      dtype_);
}

Linear Embedding::as_linear() const {
  return Linear(matrix_);
}

} // namespace lockstep::model
