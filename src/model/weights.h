#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/config.h"
#include "model/stored.h"

namespace lockstep::model {

using checkpoint::LayerRange;

/// Hands out a checkpoint's tensors to the layers of one stage, each once and
/// with its shape checked, and knows at the end what nobody asked for.
class Weights {
 public:
  /// `on_read` is told the bytes of each tensor as it is taken.
  explicit Weights(
      const checkpoint::Checkpoint& checkpoint,
      std::function<void(std::uint64_t)> on_read = {});
  /// Hands out zeros and nothing to read, and writes into `needs`, which must
  /// outlive it, what it was asked for: a list of what a family's layers take.
  Weights(
      const checkpoint::Checkpoint& checkpoint,
      std::vector<checkpoint::TensorNeed>& needs);

  bool has(const std::string& name) const;

  /// A dense tensor as float32. Throws Error{config} naming the tensor when it
  /// is missing, taken before or of another shape, Error{unsupported} when it
  /// is quantized.
  std::vector<float> take_vector(const std::string& name, int size);
  /// A small tensor that several layers use; may be taken again.
  const std::vector<float>& shared_vector(const std::string& name, int size);
  /// "NAME.weight" [out, in] in whatever encoding it has, still to be read, and
  /// "NAME.bias" [out] when the model has one.
  StoredLinear take_linear(
      const std::string& name, int out, int in, bool bias = false);
  RmsNorm take_norm(const std::string& name, int size, float eps);

  /// Marks a tensor as known and not needed.
  void skip(const std::string& name);

  /// Throws Error{unsupported} naming the first tensor that belongs to `layers`
  /// or to no layer and that was neither taken nor skipped: the model has parts
  /// that its family does not know. `elsewhere` are the names that other
  /// stages hold.
  void finish(
      const LayerRange& layers, const std::set<std::string>& elsewhere) const;

 private:
  void take_once(const std::string& name);
  void note(const std::string& name, const std::vector<int>& shape);
  const checkpoint::TensorInfo& claim(
      const std::string& name, const std::vector<int>& shape);

  checkpoint::Checkpoint checkpoint_;
  std::function<void(std::uint64_t)> on_read_;
  std::vector<checkpoint::TensorNeed>* needs_ = nullptr; // set: only noted
  std::set<std::string> taken_;
  std::map<std::string, std::vector<float>> shared_;
};

} // namespace lockstep::model
