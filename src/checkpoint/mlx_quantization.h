#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/json.h"
#include "checkpoint/checkpoint.h"

namespace lockstep::checkpoint {

/// The "quantization" entry of a config.json as MLX writes it.
struct MlxQuantization {
  Affine standard;
  /// By module ("model.layers.0.mlp.down_proj"); nothing: not quantized.
  std::map<std::string, std::optional<Affine>> overrides;

  std::optional<Affine> of(const std::string& module) const;
};

/// Nothing when the model is not quantized. Throws Error{unsupported} naming a
/// method or mode other than MLX's affine one, and Error{config} for sizes that
/// it does not have.
std::optional<MlxQuantization> read_mlx_quantization(
    const Json& config, const std::string& origin);

} // namespace lockstep::checkpoint
