#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "mlx/array.h"
#include "mlx/ops.h"
#include "mlx/transforms.h"

namespace lockstep::model {

namespace mx = mlx::core;

/// Weights as they come, in the types that a device wants; counts their bytes.
class Loader {
 public:
  explicit Loader(mx::Dtype type) : type_(type) {}

  mx::Dtype type() const { return type_; }
  std::uint64_t bytes() const { return bytes_; }

  mx::array bytes_as(
      std::vector<std::byte> bytes,
      mx::Shape shape,
      mx::Dtype stored,
      mx::Dtype wanted) {
    // The vector moves into the deleter: MLX uses the bytes where they are.
    auto* owner = new std::vector<std::byte>(std::move(bytes));
    return held(
        mx::array(
            owner->data(),
            std::move(shape),
            stored,
            [owner](void*) { delete owner; }),
        wanted);
  }

  mx::array floats(const std::vector<float>& values) {
    return held(
        mx::array(
            values.data(), {static_cast<int>(values.size())}, mx::float32),
        type_);
  }

 private:
  mx::array held(mx::array x, mx::Dtype wanted) {
    x = mx::astype(x, wanted);
    mx::eval(x);
    bytes_ += x.nbytes();
    return x;
  }

  mx::Dtype type_;
  std::uint64_t bytes_ = 0;
};

} // namespace lockstep::model
