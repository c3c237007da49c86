#pragma once

#include <cstdint>
#include <optional>

#include "mlx/array.h"

#include "checkpoint/checkpoint.h"

namespace lockstep::model {

namespace mx = mlx::core;

/// A weight matrix [out, in], dense or in MLX's affine quantization.
struct Matrix {
  mx::array weight; // dense [out, in], or packed words [out, in * bits / 32]
  std::optional<mx::array> scales; // [out, in / group]
  std::optional<mx::array> biases;
  checkpoint::Affine affine;

  std::uint64_t bytes() const;
};

/// y = x Wᵀ + b.
class Linear {
 public:
  explicit Linear(Matrix matrix, std::optional<mx::array> bias = std::nullopt);

  mx::array operator()(const mx::array& x) const; // [R, in] -> [R, out]

 private:
  Matrix matrix_;
  std::optional<mx::array> bias_; // [out]
};

/// A table of one row per token, which may serve as the output head too.
class Embedding {
 public:
  Embedding(Matrix matrix, mx::Dtype dtype);

  mx::array rows(const mx::array& tokens) const; // [R] int32 -> [R, hidden]
  Linear as_linear() const;

 private:
  Matrix matrix_;
  mx::Dtype dtype_;
};

} // namespace lockstep::model
