#include "checkpoint/gguf_config.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "checkpoint/limits.h"

namespace lockstep::checkpoint {

namespace {

// Below the architecture's name; each is used, checked or without effect.
constexpr std::array<std::string_view, 24> kKnownKeys{
    "attention.causal",
    "attention.head_count",
    "attention.head_count_kv",
    "attention.key_length",
    "attention.layer_norm_epsilon",
    "attention.layer_norm_rms_epsilon",
    "attention.value_length",
    "block_count",
    "context_length",
    "embedding_length",
    "expert_count",
    "expert_used_count",
    "feed_forward_length",
    "rope.dimension_count",
    "rope.freq_base",
    "rope.scale_linear",
    "rope.scaling.attn_factor",
    "rope.scaling.factor",
    "rope.scaling.finetuned",
    "rope.scaling.original_context_length",
    "rope.scaling.type",
    "tensor_data_layout",
    "use_parallel_residual",
    "vocab_size",
};

class ConfigMaker {
 public:
  explicit ConfigMaker(const Gguf& gguf)
      : gguf_(gguf), architecture_(gguf.string("general.architecture")) {}

  Json make() {
    check_keys();
    config_["model_type"] = architecture_;
    add_sizes();
    add_heads();
    add_rope();
    add_flags();
    add_vocab();
    return std::move(config_);
  }

 private:
  std::string key(std::string_view name) const {
    return architecture_ + "." + std::string(name);
  }

  bool has(std::string_view name) const { return gguf_.has(key(name)); }

  std::int64_t size(
      std::string_view name, std::int64_t most = kMaxDimension) const {
    return gguf_.integer(key(name), 1, most);
  }

  void check_keys() const {
    const auto prefix = architecture_ + ".";
    for (const auto& [name, value] : gguf_.metadata()) {
      if (name.compare(0, prefix.size(), prefix) == 0 &&
          std::find(
              kKnownKeys.begin(),
              kKnownKeys.end(),
              std::string_view(name).substr(prefix.size())) ==
              kKnownKeys.end()) {
        gguf_.refuse(
            name,
            "is " + describe(value) +
                ", and its meaning is not known here; "
                "the model may need something that is not done",
            ErrorKind::unsupported);
      }
    }
    refuse_if_more_than("split.count", 1, "parts; merge them into one file");
    refuse_if_more_than(key("expert_count"), 0, "experts");
    refuse_if_set(key("use_parallel_residual"), true);
    refuse_if_set(key("attention.causal"), false);
  }

  void refuse_if_more_than(
      const std::string& name, std::int64_t most, std::string_view what) const {
    if (!gguf_.has(name)) {
      return;
    }
    const auto count = gguf_.integer(name, 0, kMaxRows);
    if (count > most) {
      gguf_.refuse(
          name,
          fmt::format("is {}: {} are not supported", count, what),
          ErrorKind::unsupported);
    }
  }

  void refuse_if_set(const std::string& name, bool refused) const {
    if (gguf_.boolean_or(name, !refused) == refused) {
      gguf_.refuse(
          name,
          fmt::format("is {}, which is not supported", refused),
          ErrorKind::unsupported);
    }
  }

  void add_sizes() {
    config_["num_hidden_layers"] = size("block_count", kMaxLayers);
    config_["hidden_size"] = size("embedding_length");
    config_["intermediate_size"] = size("feed_forward_length");
    config_["max_position_embeddings"] = size("context_length", kMaxPositions);
    config_["rms_norm_eps"] =
        gguf_.number(key("attention.layer_norm_rms_epsilon"), 1e-12, 1.0);
  }

  void add_heads() {
    const auto heads = size("attention.head_count");
    const auto kv_heads =
        has("attention.head_count_kv")
            ? gguf_.integer(key("attention.head_count_kv"), 1, heads)
            : heads;
    if (heads % kv_heads != 0) {
      gguf_.refuse(
          key("attention.head_count_kv"),
          fmt::format(
              "is {}, which does not divide {} heads", kv_heads, heads));
    }
    const auto hidden = size("embedding_length");
    if (!has("attention.key_length") && hidden % heads != 0) {
      gguf_.refuse(
          key("attention.head_count"),
          fmt::format("is {}, which does not divide {}", heads, hidden));
    }
    head_dim_ = has("attention.key_length") ? size("attention.key_length")
                                            : hidden / heads;
    if (has("attention.value_length") &&
        size("attention.value_length") != head_dim_) {
      gguf_.refuse(
          key("attention.value_length"),
          fmt::format(
              "is {}, but keys have {}; unequal ones are not supported",
              size("attention.value_length"),
              head_dim_),
          ErrorKind::unsupported);
    }
    config_["num_attention_heads"] = heads;
    config_["num_key_value_heads"] = kv_heads;
    config_["head_dim"] = head_dim_;
  }

  void add_rope() {
    config_["rope_theta"] = has("rope.freq_base")
                                ? gguf_.number(key("rope.freq_base"), 1.0, 1e12)
                                : 10000.0;
    const auto rotated =
        has("rope.dimension_count")
            ? gguf_.integer(key("rope.dimension_count"), 2, head_dim_)
            : head_dim_;
    if (rotated != head_dim_) {
      config_["partial_rotary_factor"] =
          static_cast<double>(rotated) / static_cast<double>(head_dim_);
    }
    add_rope_scaling();
  }

  void add_rope_scaling() {
    // Old files have only the factor, under another name.
    const bool old = has("rope.scale_linear");
    const auto type = has("rope.scaling.type")
                          ? gguf_.string(key("rope.scaling.type"))
                          : std::string(old ? "linear" : "none");
    if (type == "none") {
      return;
    }
    if (type != "linear") {
      gguf_.refuse(
          key("rope.scaling.type"),
          "is " + shown(type) + ", supported are none and linear",
          ErrorKind::unsupported);
    }
    if (gguf_.find_tensor("rope_freqs.weight") != nullptr) {
      gguf_.refuse(
          key("rope.scaling.type"),
          "is linear, and there is a tensor rope_freqs.weight; "
          "both at once are not supported",
          ErrorKind::unsupported);
    }
    const auto factor_key = has("rope.scaling.factor") || !old
                                ? "rope.scaling.factor"
                                : "rope.scale_linear";
    config_["rope_scaling"] = {
        {"rope_type", "linear"},
        {"factor", gguf_.number(key(factor_key), 1e-3, 1e6)}};
  }

  void add_flags() {
    config_["hidden_act"] = "silu";
    config_["tie_word_embeddings"] =
        gguf_.find_tensor("output.weight") == nullptr;
    config_["attention_bias"] =
        gguf_.find_tensor("blk.0.attn_q.bias") != nullptr;
    config_["mlp_bias"] = gguf_.find_tensor("blk.0.ffn_up.bias") != nullptr;
  }

  void add_vocab() {
    constexpr const char* kTokens = "tokenizer.ggml.tokens";
    const auto n_tokens = static_cast<std::int64_t>(gguf_.array_size(kTokens));
    const auto vocab =
        has("vocab_size") ? size("vocab_size", kMaxRows) : n_tokens;
    if (vocab < 1 || vocab < n_tokens) {
      gguf_.refuse(
          has("vocab_size") ? key("vocab_size") : kTokens,
          fmt::format("{} ids for {} tokens", vocab, n_tokens));
    }
    config_["vocab_size"] = vocab;
    if (gguf_.has("tokenizer.ggml.bos_token_id")) {
      config_["bos_token_id"] =
          gguf_.integer("tokenizer.ggml.bos_token_id", 0, vocab - 1);
    }
    auto ends = Json::array();
    for (const auto* name :
         {"tokenizer.ggml.eos_token_id",
          "tokenizer.ggml.eot_token_id",
          "tokenizer.ggml.eom_token_id"}) {
      if (gguf_.has(name)) {
        const auto id = gguf_.integer(name, 0, vocab - 1);
        if (std::find(ends.begin(), ends.end(), Json(id)) == ends.end()) {
          ends.push_back(id);
        }
      }
    }
    config_["eos_token_id"] = std::move(ends);
  }

  const Gguf& gguf_;
  std::string architecture_;
  std::int64_t head_dim_ = 0;
  Json config_ = Json::object();
};

} // namespace

Json gguf_config(const Gguf& gguf) {
  return ConfigMaker(gguf).make();
}

} // namespace lockstep::checkpoint
