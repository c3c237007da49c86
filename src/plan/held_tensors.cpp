#include "plan/held_tensors.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace lockstep::plan {

namespace {

std::optional<int> layer_of(std::string_view name) {
  constexpr std::string_view kPrefix = "model.layers.";
  int layer = 0;
  if (!name.starts_with(kPrefix)) {
    return std::nullopt;
  }
  name.remove_prefix(kPrefix.size());
  const auto [end, error] =
      std::from_chars(name.data(), name.data() + name.size(), layer);
  return error == std::errc() ? std::optional(layer) : std::nullopt;
}

} // namespace

bool is_held(
    const checkpoint::TensorInfo& tensor,
    const std::vector<checkpoint::LayerRange>& ranges,
    const checkpoint::ModelConfig& config) {
  const auto has = [&](const auto& is_wanted) {
    return std::any_of(ranges.begin(), ranges.end(), is_wanted);
  };
  const auto is_last = [&](const checkpoint::LayerRange& range) {
    return range.last == static_cast<int>(config.layers.size());
  };
  if (const auto layer = layer_of(tensor.name)) {
    return has([&](const checkpoint::LayerRange& range) {
      return range.first <= *layer && *layer < range.last;
    });
  }
  const std::string_view name = tensor.name;
  if (name.starts_with("model.embed_tokens.")) {
    return has([&](const checkpoint::LayerRange& range) {
      return range.first == 0 || (config.tied_embeddings && is_last(range));
    });
  }
  if (name.starts_with("lm_head.")) {
    return !config.tied_embeddings && has(is_last);
  }
  return true;
}

} // namespace lockstep::plan
