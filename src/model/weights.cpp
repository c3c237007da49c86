#include "model/weights.h"

#include <cstdlib>
#include <optional>
#include <utility>

#include <fmt/ranges.h>

#include "base/error.h"
#include "checkpoint/floats.h"

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
    std::function<void(std::uint64_t)> on_read)
    : checkpoint_(checkpoint), on_read_(std::move(on_read)) {
}

Weights::Weights(
    const checkpoint::Checkpoint& checkpoint,
    std::vector<checkpoint::TensorNeed>& needs)
    : checkpoint_(checkpoint), needs_(&needs) {
}

bool Weights::has(const std::string& name) const {
  return checkpoint_.find(name) != nullptr;
}

void Weights::take_once(const std::string& name) {
  if (!taken_.insert(name).second) {
    fail(ErrorKind::internal, "tensor \"{}\" was taken twice", name);
  }
}

void Weights::note(const std::string& name, const std::vector<int>& shape) {
  take_once(name);
  needs_->push_back({name, shape});
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
  take_once(name);
  if (on_read_) {
    on_read_(info->stored_bytes());
  }
  return *info;
}

std::vector<float> Weights::take_vector(const std::string& name, int size) {
  if (needs_ != nullptr) {
    note(name, {size});
    return std::vector<float>(static_cast<std::size_t>(size));
  }
  const auto& info = claim(name, {size});
  if (info.affine) {
    fail(
        ErrorKind::unsupported,
        "{}: tensor \"{}\" is quantized, expected plain numbers",
        checkpoint_.path().string(),
        name);
  }
  return checkpoint::to_floats(checkpoint_.load(info));
}

const std::vector<float>& Weights::shared_vector(
    const std::string& name, int size) {
  auto found = shared_.find(name);
  if (found == shared_.end()) {
    found = shared_.emplace(name, take_vector(name, size)).first;
  }
  return found->second;
}

StoredLinear Weights::take_linear(
    const std::string& name, int out, int in, bool bias) {
  StoredLinear stored;
  if (needs_ != nullptr) {
    note(name + ".weight", {out, in});
  } else {
    const auto& info = claim(name + ".weight", {out, in});
    stored.read = [checkpoint = checkpoint_, &info] {
      return checkpoint.load(info);
    };
  }
  if (bias) {
    stored.bias = take_vector(name + ".bias", out);
  }
  return stored;
}

RmsNorm Weights::take_norm(const std::string& name, int size, float eps) {
  return {take_vector(name + ".weight", size), eps};
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
