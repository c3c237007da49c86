#include "checkpoint/config_check.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"
#include "support/tiny_directory.h"

namespace lockstep::checkpoint {

using testing::Model;
using testing::one_norm;
using testing::refused;
using testing::tiny_config;

namespace {

constexpr auto kConfig = ErrorKind::config;

} // namespace

// Seen to fail with: heads not checked; sizes not bounded above.
TEST_CASE("a config.json that is not sound is refused with its key") {
  struct Case {
    std::string_view named;
    std::string change;
  };
  for (const auto& one : std::vector<Case>{
           {"model_type", R"({"model_type": null})"},
           {"model_type", R"({"model_type": ""})"},
           {"num_hidden_layers", R"({"num_hidden_layers": 1025})"},
           {"num_hidden_layers", R"({"num_hidden_layers": 0})"},
           {"num_hidden_layers", R"({"num_hidden_layers": "2"})"},
           {"hidden_size", R"({"hidden_size": 1048577})"},
           {"hidden_size", R"({"hidden_size": -64})"},
           {"hidden_size", R"({"hidden_size": 64.5})"},
           {"hidden_size", R"({"hidden_size": 1e300})"},
           {"intermediate_size", R"({"intermediate_size": [1]})"},
           {"num_attention_heads", R"({"num_attention_heads": 3})"},
           {"num_key_value_heads", R"({"num_key_value_heads": 3})"},
           {"num_key_value_heads", R"({"num_key_value_heads": 8})"},
           {"head_dim", R"({"head_dim": 0})"},
           {"head_dim", R"({"head_dim": 524288})"},
           {"vocab_size", R"({"vocab_size": 16777217})"},
           {"max_position_embeddings", R"({"max_position_embeddings": 0})"},
           {"rms_norm_eps", R"({"rms_norm_eps": "small"})"},
           {"rope_theta", R"({"rope_theta": -1})"},
           {"tie_word_embeddings", R"({"tie_word_embeddings": 1})"},
           {"eos_token_id", R"({"eos_token_id": 10})"},
           {"eos_token_id", R"({"eos_token_id": [1, -1]})"},
           {"eos_token_id", R"({"eos_token_id": "</s>"})"}}) {
    const Model model;
    auto config = tiny_config();
    config.update(parse_json(one.change, "change"));
    model.write("config.json", config);
    model.write("model.safetensors", one_norm());
    refused(kConfig, {"config.json", one.named}, model);
  }
  const Model model;
  model.write("model.safetensors", one_norm());
  refused(kConfig, {"config.json", "missing"}, model);
  model.write("weights.gguf", "GGUF");
  refused(kConfig, {"weights.gguf"}, model);
  for (const auto* text : {"", "[]", "{", "7", "{\"a\":1,\"a\":2}"}) {
    model.write("config.json", std::string(text));
    refused(kConfig, {"config.json"}, model);
  }
}

} // namespace lockstep::checkpoint
