#include "checkpoint/gguf_config.h"

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"
#include "support/gguf_writer.h"
#include "support/refused.h"
#include "support/temp_folder.h"
#include "support/tiny_gguf.h"

namespace lockstep::checkpoint {

using testing::check_refused;
using testing::f32_zeros;
using testing::GgufWriter;
using testing::TempFolder;
using testing::tiny_gguf;

namespace {

Json config_of(const TempFolder& folder, const GgufWriter& writer) {
  return gguf_config(Gguf(
      std::make_shared<const File>(folder.write("m.gguf", writer.bytes()))));
}

} // namespace

// Seen to fail with: heads and KV heads exchanged.
TEST_CASE("metadata becomes config.json") {
  const TempFolder folder;
  auto writer = tiny_gguf();
  const auto json = config_of(folder, writer);
  const auto expected = parse_json(
      R"({"model_type": "llama", "num_hidden_layers": 1, "hidden_size": 64,
          "intermediate_size": 32, "max_position_embeddings": 128,
          "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 32,
          "rope_theta": 50000.0, "hidden_act": "silu",
          "tie_word_embeddings": true, "attention_bias": false,
          "mlp_bias": false, "vocab_size": 5, "bos_token_id": 3,
          "eos_token_id": [4]})",
      "expected");
  auto without_eps = json;
  without_eps.erase("rms_norm_eps");
  CHECK(without_eps == expected);
  CHECK(static_cast<float>(json.at("rms_norm_eps").get<double>()) == 1e-5F);
}

// Seen to fail with: the end of turn left out; embeddings always tied.
TEST_CASE("optional metadata and tensors change the config") {
  const TempFolder folder;
  auto writer = tiny_gguf();
  writer.set_u32("llama.vocab_size", 5);
  writer.set_u32("llama.attention.key_length", 16);
  writer.set_u32("llama.attention.value_length", 16);
  writer.set_u32("llama.rope.dimension_count", 8);
  writer.set_string("llama.rope.scaling.type", "linear");
  writer.set_f32("llama.rope.scaling.factor", 4.0F);
  writer.set_u32("tokenizer.ggml.eot_token_id", 1);
  writer.set_u32("tokenizer.ggml.eom_token_id", 4);
  writer.add_tensor("output.weight", {64, 5}, 0, f32_zeros(320));
  writer.add_tensor("blk.0.attn_q.bias", {64}, 0, f32_zeros(64));
  const auto json = config_of(folder, writer);
  CHECK(json.at("head_dim") == 16);
  CHECK(json.at("partial_rotary_factor") == 0.5);
  CHECK(json.at("rope_scaling").at("rope_type") == "linear");
  CHECK(json.at("rope_scaling").at("factor") == 4.0);
  CHECK(json.at("eos_token_id") == Json::array({4, 1}));
  CHECK(json.at("tie_word_embeddings") == false);
  CHECK(json.at("attention_bias") == true);
  writer.remove("llama.attention.head_count_kv");
  CHECK(config_of(folder, writer).at("num_key_value_heads") == 2);
}

// Seen to fail with: unknown keys ignored; lower bounds not checked.
TEST_CASE("metadata that makes no sound model is refused with its key") {
  struct Case {
    ErrorKind kind;
    std::string_view named;
    std::function<void(GgufWriter&)> apply;
  };
  constexpr auto kConfig = ErrorKind::config;
  constexpr auto kUnsupported = ErrorKind::unsupported;
  const auto u32 = [](const char* key, std::uint32_t value) {
    return [=](GgufWriter& w) { w.set_u32(key, value); };
  };
  const auto f32 = [](const char* key, float value) {
    return [=](GgufWriter& w) { w.set_f32(key, value); };
  };
  const auto without = [](const char* key) {
    return [=](GgufWriter& w) { w.remove(key); };
  };
  constexpr auto kNan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<Case> cases{
      {kConfig, "general.architecture", without("general.architecture")},
      {kConfig, "general.architecture", u32("general.architecture", 1)},
      {kConfig, "llama.block_count", without("llama.block_count")},
      {kConfig, "llama.block_count", u32("llama.block_count", 0)},
      {kConfig, "llama.block_count", u32("llama.block_count", 1025)},
      {kConfig, "llama.block_count", f32("llama.block_count", 1.0F)},
      {kConfig,
       "llama.embedding_length",
       u32("llama.embedding_length", (1u << 20) + 1)},
      {kConfig,
       "llama.feed_forward_length",
       u32("llama.feed_forward_length", 0)},
      {kUnsupported,
       "llama.feed_forward_length",
       [](GgufWriter& w) {
         w.set_i32s("llama.feed_forward_length", {32, 64});
       }},
      {kConfig, "llama.context_length", u32("llama.context_length", ~0u)},
      {kConfig,
       "llama.attention.head_count",
       u32("llama.attention.head_count", 3)},
      {kConfig,
       "llama.attention.head_count_kv",
       u32("llama.attention.head_count_kv", 3)},
      {kConfig,
       "llama.attention.head_count_kv",
       u32("llama.attention.head_count_kv", 0)},
      {kUnsupported,
       "llama.attention.value_length",
       u32("llama.attention.value_length", 64)},
      {kConfig,
       "llama.attention.layer_norm_rms_epsilon",
       f32("llama.attention.layer_norm_rms_epsilon", kNan)},
      {kConfig,
       "llama.attention.layer_norm_rms_epsilon",
       f32("llama.attention.layer_norm_rms_epsilon", -1.0F)},
      {kConfig, "llama.rope.freq_base", f32("llama.rope.freq_base", 0.0F)},
      {kConfig, "llama.rope.freq_base", f32("llama.rope.freq_base", HUGE_VALF)},
      {kConfig,
       "llama.rope.dimension_count",
       u32("llama.rope.dimension_count", 33)},
      {kUnsupported,
       "yarn",
       [](GgufWriter& w) { w.set_string("llama.rope.scaling.type", "yarn"); }},
      {kConfig,
       "llama.rope.scaling.factor",
       [](GgufWriter& w) {
         w.set_string("llama.rope.scaling.type", "linear");
       }},
      {kUnsupported,
       "rope_freqs.weight",
       [](GgufWriter& w) {
         w.set_string("llama.rope.scaling.type", "linear");
         w.add_tensor("rope_freqs.weight", {16}, 0, f32_zeros(16));
       }},
      {kConfig, "llama.vocab_size", u32("llama.vocab_size", 4)},
      {kConfig, "llama.vocab_size", u32("llama.vocab_size", 0)},
      {kConfig, "tokenizer.ggml.tokens", without("tokenizer.ggml.tokens")},
      {kConfig,
       "tokenizer.ggml.eos_token_id",
       u32("tokenizer.ggml.eos_token_id", 5)},
      {kConfig,
       "tokenizer.ggml.bos_token_id",
       u32("tokenizer.ggml.bos_token_id", ~0u)},
      {kUnsupported, "llama.expert_count", u32("llama.expert_count", 8)},
      {kUnsupported, "llama.logit_scale", f32("llama.logit_scale", 2.0F)},
      {kUnsupported, "split.count", u32("split.count", 3)},
      {kUnsupported,
       "llama.use_parallel_residual",
       [](GgufWriter& w) { w.set_bool("llama.use_parallel_residual", true); }},
      {kUnsupported,
       "llama.attention.causal",
       [](GgufWriter& w) { w.set_bool("llama.attention.causal", false); }},
  };
  const TempFolder folder;
  for (const auto& one : cases) {
    auto writer = tiny_gguf();
    one.apply(writer);
    check_refused(
        one.kind, {"m.gguf", one.named}, [&] { config_of(folder, writer); });
  }
}

} // namespace lockstep::checkpoint
