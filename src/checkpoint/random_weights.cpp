#include "checkpoint/random_weights.h"

#include <optional>
#include <string_view>

#include <fmt/ranges.h>

#include "base/error.h"
#include "checkpoint/limits.h"
#include "checkpoint/mlx_quantization.h"

namespace lockstep::checkpoint {

namespace {

constexpr std::string_view kWeight = ".weight";

Dtype read_dtype(const JsonReader& config) {
  // Hugging Face's newer name.
  const char* key = !config.has("torch_dtype") && config.has("dtype")
                        ? "dtype"
                        : "torch_dtype";
  const auto name = config.string(key);
  if (name == "float32") {
    return Dtype::f32;
  }
  if (name == "float16") {
    return Dtype::f16;
  }
  if (name != "bfloat16") {
    config.refuse(key, "\"bfloat16\", \"float16\" or \"float32\"");
  }
  return Dtype::bf16;
}

std::optional<Affine> affine_of(
    const TensorNeed& need,
    const std::optional<MlxQuantization>& quantization) {
  const std::string_view name = need.name;
  if (!quantization || need.shape.size() < 2 || !name.ends_with(kWeight)) {
    return std::nullopt;
  }
  return quantization->of(
      std::string(name.substr(0, name.size() - kWeight.size())));
}

TensorInfo info_of(
    const TensorNeed& need,
    Dtype dtype,
    const std::optional<Affine>& affine,
    const std::string& where) {
  TensorInfo info;
  info.name = need.name;
  info.shape = checked_shape({need.shape.begin(), need.shape.end()}, where);
  info.dtype = dtype;
  const auto count = element_count(info.shape, where);
  if (!affine) {
    info.ranges = {{0, 0, checked_product(count, dtype_bytes(dtype), where)}};
    return info;
  }
  const auto inputs = static_cast<std::uint64_t>(info.shape.back());
  const auto group = static_cast<std::uint64_t>(affine->group);
  if (inputs % group != 0) {
    fail(
        ErrorKind::config,
        "{}: has {} inputs, which groups of {} do not divide; expected sizes "
        "that are multiples of the quantization's group_size, or false for "
        "this module in \"quantization\"",
        where,
        inputs,
        group);
  }
  info.affine = affine;
  info.encoding = Encoding::affine;
  const auto codes = count / 8 * static_cast<std::uint64_t>(affine->bits);
  const auto scales = count / group * dtype_bytes(dtype);
  info.ranges = {{0, 0, codes}, {0, 0, scales}, {0, 0, scales}};
  return info;
}

} // namespace

std::vector<TensorInfo> random_weights(
    const Json& config,
    const std::string& origin,
    const std::vector<TensorNeed>& needs) {
  const auto dtype = read_dtype(JsonReader(config, origin));
  const auto quantization = read_mlx_quantization(config, origin);
  std::vector<TensorInfo> infos;
  infos.reserve(needs.size());
  for (const auto& need : needs) {
    infos.push_back(info_of(
        need,
        dtype,
        affine_of(need, quantization),
        fmt::format("{}: tensor {}", origin, shown(need.name))));
  }
  return infos;
}

} // namespace lockstep::checkpoint
