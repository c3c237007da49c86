#include "checkpoint/stored_weights.h"

#include <string>
#include <string_view>
#include <utility>

#include <fmt/ranges.h>

#include "base/error.h"
#include "base/json.h"
#include "checkpoint/limits.h"

namespace lockstep::checkpoint {

namespace {

constexpr std::string_view kWeight = ".weight";
constexpr std::string_view kScales = ".scales";
constexpr std::string_view kBiases = ".biases";

std::optional<std::string> without(
    const std::string& name, std::string_view suffix) {
  if (name.size() <= suffix.size() ||
      std::string_view(name).substr(name.size() - suffix.size()) != suffix) {
    return std::nullopt;
  }
  return name.substr(0, name.size() - suffix.size());
}

std::optional<Dtype> weight_dtype(const std::string& dtype) {
  if (dtype == "F32") {
    return Dtype::f32;
  }
  if (dtype == "F16") {
    return Dtype::f16;
  }
  if (dtype == "BF16") {
    return Dtype::bf16;
  }
  return std::nullopt;
}

ByteRange range_of(const PlacedTensor& tensor) {
  return {tensor.file, tensor.stored.offset, tensor.stored.bytes};
}

class Assembler {
 public:
  Assembler(
      const WeightFiles& files,
      const std::optional<MlxQuantization>& quantization)
      : files_(files), quantization_(quantization) {}

  std::vector<TensorInfo> assemble() {
    std::vector<TensorInfo> infos;
    for (const auto& tensor : files_.tensors) {
      if (is_part(tensor)) {
        continue;
      }
      const auto module = without(tensor.stored.name, kWeight);
      const auto* scales =
          module ? files_.find(*module + std::string(kScales)) : nullptr;
      infos.push_back(
          scales != nullptr ? quantized(tensor, *module, *scales)
                            : dense(tensor));
    }
    return infos;
  }

 private:
  // Scales and biases are read with the weight they belong to.
  bool is_part(const PlacedTensor& tensor) const {
    const auto& name = tensor.stored.name;
    auto module = without(name, kScales);
    if (!module) {
      module = without(name, kBiases);
    }
    if (!module) {
      return false;
    }
    if (files_.find(*module + std::string(kWeight)) == nullptr ||
        files_.find(*module + std::string(kScales)) == nullptr) {
      fail(
          ErrorKind::config,
          "{}: belongs to a quantized {}.weight, which is not there whole",
          files_.where(tensor),
          *module);
    }
    return true;
  }

  TensorInfo dense(const PlacedTensor& tensor) const {
    const auto where = files_.where(tensor);
    const auto dtype = weight_dtype(tensor.stored.dtype);
    if (!dtype) {
      fail(
          ErrorKind::unsupported,
          "{}: has dtype {}{}; supported are F32, F16, BF16 and MLX's affine "
          "quantization",
          where,
          tensor.stored.dtype,
          tensor.stored.dtype == "U32" ? " and no .scales" : "");
    }
    TensorInfo info;
    info.name = tensor.stored.name;
    info.shape = checked_shape(tensor.stored.dims, where);
    info.dtype = *dtype;
    info.ranges = {range_of(tensor)};
    return info;
  }

  TensorInfo quantized(
      const PlacedTensor& words,
      const std::string& module,
      const PlacedTensor& scales) const {
    const auto where = files_.where(words);
    const auto affine =
        quantization_ ? quantization_->of(module) : std::nullopt;
    if (!affine) {
      fail(
          ErrorKind::config,
          "{}: has .scales, but by config.json it is not quantized",
          where);
    }
    const auto* biases = files_.find(module + std::string(kBiases));
    if (biases == nullptr) {
      fail(
          ErrorKind::config,
          "{}: has .scales but no .biases, which affine quantization needs",
          where);
    }
    const auto dtype = weight_dtype(scales.stored.dtype);
    if (words.stored.dtype != "U32" || !dtype ||
        biases->stored.dtype != scales.stored.dtype) {
      fail(
          ErrorKind::unsupported,
          "{}: has dtypes {}, {} and {} for weight, scales and biases, "
          "expected "
          "U32 and twice F32, F16 or BF16",
          where,
          words.stored.dtype,
          scales.stored.dtype,
          biases->stored.dtype);
    }
    TensorInfo info;
    info.name = words.stored.name;
    info.shape = logical_shape(words, scales, *biases, *affine);
    info.dtype = *dtype;
    info.affine = affine;
    info.encoding = Encoding::affine;
    info.ranges = {range_of(words), range_of(scales), range_of(*biases)};
    return info;
  }

  // From [out, in * bits / 32] to [out, in], with scales [out, in / group].
  std::vector<int> logical_shape(
      const PlacedTensor& words,
      const PlacedTensor& scales,
      const PlacedTensor& biases,
      const Affine& affine) const {
    const auto where = files_.where(words);
    checked_shape(words.stored.dims, where);
    auto dims = words.stored.dims;
    const auto bits = static_cast<std::uint64_t>(affine.bits);
    const auto group = static_cast<std::uint64_t>(affine.group);
    const auto inner_bits = dims.back() * 32;
    const auto inner = inner_bits / bits;
    dims.back() = inner;
    auto groups = dims;
    groups.back() = inner / group;
    if (dims.size() < 2 || inner_bits % bits != 0 || inner % group != 0 ||
        scales.stored.dims != groups || biases.stored.dims != groups) {
      fail(
          ErrorKind::config,
          "{}: shapes [{}] of weight, [{}] of scales and [{}] of biases do not "
          "fit {} bits in groups of {}",
          where,
          fmt::join(words.stored.dims, ", "),
          fmt::join(scales.stored.dims, ", "),
          fmt::join(biases.stored.dims, ", "),
          affine.bits,
          affine.group);
    }
    return checked_shape(dims, where);
  }

  const WeightFiles& files_;
  const std::optional<MlxQuantization>& quantization_;
};

} // namespace

std::vector<TensorInfo> stored_weights(
    const WeightFiles& files,
    const std::optional<MlxQuantization>& quantization) {
  return Assembler(files, quantization).assemble();
}

} // namespace lockstep::checkpoint
