#include "model/weights.h"

#include <cstdlib>
#include <optional>
#include <utility>

#include "mlx/ops.h"
#include "mlx/transforms.h"
#include <fmt/ranges.h>

#include "base/error.h"

namespace lockstep::model {

namespace {

/// N of "model.layers.N.…", or nothing.
std::optional<int> layer_of(const std::string& name) {
  const std::string prefix = "model.layers.";
  if (name.compare(0, prefix.size(), prefix) != 0) {
    return std::nullopt;
  }
  return std::atoi(name.c_str() + prefix.size());
}

} // namespace

Weights::Weights(
    const checkpoint::Checkpoint& checkpoint,
    const Numerics& numerics,
    std::function<void(std::uint64_t)> on_read)
    : checkpoint_(checkpoint),
      numerics_(numerics),
      on_read_(std::move(on_read)) {
}

bool Weights::has(const std::string& name) const {
  return checkpoint_.find(name) != nullptr;
}

const checkpoint::TensorInfo& Weights::claim(
    const std::string& name, const std::vector<int>& shape) {
  const auto* info = checkpoint_.find(name);
  if (info == nullptr) {
    fail(
        ErrorKind::config,
        "{}: tensor \"{}\" is missing, expected with shape ({})",
        checkpoint_.path().string(),
        name,
        fmt::join(shape, ", "));
  }
  if (info->shape != shape) {
    fail(
        ErrorKind::config,
        "{}: tensor \"{}\" has shape ({}), expected ({}) by the model's config",
        checkpoint_.path().string(),
        name,
        fmt::join(info->shape, ", "),
        fmt::join(shape, ", "));
  }
  if (!taken_.insert(name).second) {
    fail(ErrorKind::internal, "tensor \"{}\" was taken twice", name);
  }
  if (on_read_) {
    on_read_(info->stored_bytes());
  }
  return *info;
}

mx::array Weights::to_array(
    std::vector<std::byte> bytes, mx::Shape shape, mx::Dtype stored) {
  // The vector moves into the deleter: MLX uses the bytes where they are.
  auto* owner = new std::vector<std::byte>(std::move(bytes));
  return mx::array(owner->data(), std::move(shape), stored, [owner](void*) {
    delete owner;
  });
}

mx::array Weights::held(mx::array x, mx::Dtype dtype) {
  x = mx::astype(x, dtype);
  mx::eval(x);
  bytes_held_ += x.nbytes();
  return x;
}

mx::array Weights::take_as(
    const std::string& name, const std::vector<int>& shape, mx::Dtype dtype) {
  const auto& info = claim(name, shape);
  if (info.affine) {
    fail(
        ErrorKind::unsupported,
        "{}: tensor \"{}\" is quantized, expected plain numbers",
        checkpoint_.path().string(),
        name);
  }
  auto tensor = checkpoint_.load(info);
  return held(
      to_array(
          std::move(tensor.values),
          mx::Shape(shape.begin(), shape.end()),
          to_mlx(tensor.dtype)),
      dtype);
}

mx::array Weights::take(
    const std::string& name, const std::vector<int>& shape) {
  return take_as(name, shape, numerics_.activations);
}

mx::array Weights::shared(
    const std::string& name, const std::vector<int>& shape) {
  auto found = shared_.find(name);
  if (found == shared_.end()) {
    found = shared_.emplace(name, take_as(name, shape, mx::float32)).first;
  }
  return found->second;
}

Matrix Weights::take_matrix(const std::string& name, int out, int in) {
  const auto& info = claim(name + ".weight", {out, in});
  auto tensor = checkpoint_.load(info);
  if (!tensor.affine) {
    return {
        held(
            to_array(std::move(tensor.values), {out, in}, to_mlx(tensor.dtype)),
            numerics_.activations),
        std::nullopt,
        std::nullopt,
        {}};
  }
  const auto affine = *tensor.affine;
  const auto stored = to_mlx(tensor.dtype);
  const int n_groups = in / affine.group;
  return {
      held(
          to_array(
              std::move(tensor.values),
              {out, in * affine.bits / 32},
              mx::uint32),
          mx::uint32),
      held(
          to_array(std::move(tensor.scales), {out, n_groups}, stored),
          numerics_.scales),
      held(
          to_array(std::move(tensor.biases), {out, n_groups}, stored),
          numerics_.scales),
      affine};
}

Linear Weights::take_linear(
    const std::string& name, int out, int in, bool bias) {
  auto matrix = take_matrix(name, out, in);
  return Linear(
      std::move(matrix),
      bias ? std::optional(take(name + ".bias", {out})) : std::nullopt);
}

void Weights::skip(const std::string& name) {
  taken_.insert(name);
}

void Weights::finish(
    const LayerRange& layers, const std::set<std::string>& elsewhere) const {
  for (const auto& info : checkpoint_.tensors()) {
    const auto layer = layer_of(info.name);
    const bool ours =
        !layer || (*layer >= layers.first && *layer < layers.last);
    if (ours && taken_.count(info.name) == 0 &&
        elsewhere.count(info.name) == 0) {
      fail(
          ErrorKind::unsupported,
          "{}: tensor \"{}\" is not known to this model family; the model "
          "needs something that lockstep does not do yet",
          checkpoint_.path().string(),
          info.name);
    }
  }
}

} // namespace lockstep::model
