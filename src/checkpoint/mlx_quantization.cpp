#include "checkpoint/mlx_quantization.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace lockstep::checkpoint {

namespace {

constexpr std::array kBits{2, 3, 4, 5, 6, 8};
constexpr std::array kGroups{32, 64, 128};

template <std::size_t n>
int one_of(
    const JsonReader& reader,
    const char* key,
    const std::array<int, n>& known,
    const char* expected) {
  const auto value =
      static_cast<int>(reader.integer(key, known.front(), known.back()));
  if (std::find(known.begin(), known.end(), value) == known.end()) {
    reader.refuse(key, expected);
  }
  return value;
}

Affine read_affine(const JsonReader& reader) {
  const auto mode = reader.string_or("mode", "affine");
  if (mode != "affine") {
    fail(
        ErrorKind::unsupported,
        "{}: quantization mode {} is not supported; supported is affine",
        reader.where(),
        shown(mode));
  }
  return {
      one_of(reader, "bits", kBits, "2, 3, 4, 5, 6 or 8"),
      one_of(reader, "group_size", kGroups, "32, 64 or 128")};
}

// MLX's entry, which it writes under two names; null when there is none.
const char* find_key(const JsonReader& config) {
  if (config.has("quantization")) {
    return "quantization";
  }
  if (!config.has("quantization_config")) {
    return nullptr;
  }
  const auto other = config.object("quantization_config");
  if (other.has("quant_method")) {
    fail(
        ErrorKind::unsupported,
        "{}: quantization method {} is not supported; supported are MLX's "
        "affine quantization and plain F32, F16 and BF16",
        other.where(),
        shown(other.at("quant_method")));
  }
  return "quantization_config";
}

} // namespace

std::optional<Affine> MlxQuantization::of(const std::string& module) const {
  const auto found = overrides.find(module);
  return found == overrides.end() ? std::optional(standard) : found->second;
}

std::optional<MlxQuantization> read_mlx_quantization(
    const Json& config, const std::string& origin) {
  const JsonReader reader(config, origin);
  const char* key = find_key(reader);
  if (key == nullptr) {
    return std::nullopt;
  }
  const auto entry = reader.object(key);
  MlxQuantization result{read_affine(entry), {}};
  for (const auto& [name, value] : reader.at(key).items()) {
    if (name == "bits" || name == "group_size" || name == "mode") {
      continue;
    }
    if (value.is_boolean()) {
      result.overrides[name] =
          value.get<bool>() ? std::optional(result.standard) : std::nullopt;
    } else if (value.is_object()) {
      result.overrides[name] = read_affine(entry.object(name.c_str()));
    } else {
      fail(
          ErrorKind::unsupported,
          "{}: key {} is {}, which is not known",
          entry.where(),
          shown(name),
          shown(value));
    }
  }
  return result;
}

} // namespace lockstep::checkpoint
