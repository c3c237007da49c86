#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "mlx/array.h"

#include "checkpoint/checkpoint.h"
#include "checkpoint/config.h"
#include "model/linear.h"
#include "model/numerics.h"

namespace lockstep::model {

using checkpoint::LayerRange;

/// Hands out a checkpoint's tensors to the layers of one stage, each once and
/// with its shape checked, and knows at the end what nobody asked for.
class Weights {
 public:
  /// Keeps a reference to `checkpoint`. `on_read` is told the bytes of each
  /// tensor as it is read.
  Weights(
      const checkpoint::Checkpoint& checkpoint,
      const Numerics& numerics,
      std::function<void(std::uint64_t)> on_read = {});

  bool has(const std::string& name) const;

  /// A dense tensor in the type of activations. Throws Error{config} naming the
  /// tensor when it is missing, quantized, taken before, or of another shape.
  mx::array take(const std::string& name, const std::vector<int>& shape);
  /// A small float32 tensor that several layers use; may be taken again.
  mx::array shared(const std::string& name, const std::vector<int>& shape);
  /// "NAME.weight" [out, in] in whatever encoding it has.
  Matrix take_matrix(const std::string& name, int out, int in);
  /// The same with "NAME.bias" [out] when the model has one.
  Linear take_linear(const std::string& name, int out, int in, bool bias);

  /// Marks a tensor as known and not needed.
  void skip(const std::string& name);

  /// Throws Error{unsupported} naming the first tensor that belongs to `layers`
  /// or to no layer and that was neither taken nor skipped: the model has parts
  /// that its family does not know. `elsewhere` are the names that other
  /// stages hold.
  void finish(
      const LayerRange& layers, const std::set<std::string>& elsewhere) const;

  std::uint64_t bytes_held() const { // by everything handed out
    return bytes_held_;
  }

 private:
  const checkpoint::TensorInfo& claim(
      const std::string& name, const std::vector<int>& shape);
  mx::array take_as(
      const std::string& name, const std::vector<int>& shape, mx::Dtype dtype);
  mx::array to_array(
      std::vector<std::byte> bytes, mx::Shape shape, mx::Dtype stored);
  mx::array held(mx::array x, mx::Dtype dtype);

  const checkpoint::Checkpoint& checkpoint_;
  Numerics numerics_;
  std::function<void(std::uint64_t)> on_read_;
  std::set<std::string> taken_;
  std::map<std::string, mx::array> shared_;
  std::uint64_t bytes_held_ = 0;
};

} // namespace lockstep::model
