#include "checkpoint/config_check.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "checkpoint/limits.h"

namespace lockstep::checkpoint {

namespace {

struct Bound {
  const char* key;
  std::int64_t most;
};

constexpr std::array kSizes{
    Bound{"num_hidden_layers", kMaxLayers},
    Bound{"hidden_size", kMaxDimension},
    Bound{"intermediate_size", kMaxDimension},
    Bound{"num_attention_heads", kMaxDimension},
    Bound{"num_key_value_heads", kMaxDimension},
    Bound{"head_dim", kMaxDimension},
    Bound{"vocab_size", kMaxRows},
    Bound{"max_position_embeddings", kMaxPositions},
};

void check_heads(const JsonReader& config) {
  if (!config.has("num_attention_heads")) {
    return;
  }
  const auto heads = config.integer("num_attention_heads", 1, kMaxDimension);
  if (config.has("num_key_value_heads") &&
      heads % config.integer("num_key_value_heads", 1, kMaxDimension) != 0) {
    config.refuse(
        "num_key_value_heads",
        fmt::format("a divisor of num_attention_heads, {}", heads));
  }
  // Heads lie side by side in the rows of a matrix.
  const auto most = kMaxDimension / heads;
  if (config.has("head_dim") &&
      config.integer("head_dim", 1, kMaxDimension) > most) {
    config.refuse(
        "head_dim",
        fmt::format(
            "at most {}, as {} heads of it may have {} rows",
            most,
            heads,
            kMaxDimension));
  }
  if (config.has("hidden_size") && !config.has("head_dim") &&
      config.integer("hidden_size", 1, kMaxDimension) % heads != 0) {
    config.refuse(
        "num_attention_heads",
        "a divisor of hidden_size when there is no head_dim");
  }
}

} // namespace

void check_config(const Json& config, const std::string& origin) {
  const JsonReader reader(config, origin);
  if (reader.string("model_type").empty()) {
    reader.refuse("model_type", "a name");
  }
  for (const auto& size : kSizes) {
    if (reader.has(size.key)) {
      reader.integer(size.key, 1, size.most);
    }
  }
  check_heads(reader);
  reader.number_or("rms_norm_eps", 1e-5, 0.0, 1.0);
  reader.number_or("rope_theta", 1e4, 1e-3, 1e15);
  reader.boolean_or("tie_word_embeddings", false);
}

void check_layer_numbers(
    const Json& config,
    const std::vector<TensorInfo>& tensors,
    const std::string& where) {
  const JsonReader reader(config, where);
  if (!reader.has("num_hidden_layers")) {
    return;
  }
  const auto n_layers = reader.integer("num_hidden_layers", 1, kMaxLayers);
  constexpr std::string_view kPrefix = "model.layers.";
  for (const auto& tensor : tensors) {
    const std::string_view name = tensor.name;
    if (name.substr(0, kPrefix.size()) != kPrefix) {
      continue;
    }
    const auto rest = name.substr(kPrefix.size());
    const auto number = rest.substr(0, rest.find('.'));
    const bool plain = !number.empty() && number.size() <= 4 &&
                       (number.size() == 1 || number[0] != '0') &&
                       std::all_of(number.begin(), number.end(), [](char c) {
                         return c >= '0' && c <= '9';
                       });
    if (!plain || std::stoi(std::string(number)) >= n_layers) {
      fail(
          ErrorKind::config,
          "{}: tensor {} is of no layer of the model, expected layers 0 to {} "
          "by num_hidden_layers",
          where,
          shown(tensor.name),
          n_layers - 1);
    }
  }
}

} // namespace lockstep::checkpoint
