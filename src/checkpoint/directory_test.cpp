#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"
#include "checkpoint/checkpoint.h"
#include "support/refused.h"
#include "support/safetensors_writer.h"
#include "support/temp_folder.h"
#include "support/tiny_directory.h"

namespace lockstep::checkpoint {

using testing::check_refused;
using testing::Model;
using testing::one_norm;
using testing::refused;
using testing::SafetensorsWriter;
using testing::TempFolder;
using testing::tiny_config;

namespace {

constexpr auto kConfig = ErrorKind::config;
constexpr auto kUnsupported = ErrorKind::unsupported;

} // namespace

// Seen to fail with: generation_config.json not read; the first named template
// taken.
TEST_CASE("a directory gives config, tensors and tokenizer files") {
  const Model model;
  model.write("config.json", tiny_config());
  auto writer = one_norm();
  writer.add(
      "model.embed_tokens.weight", "BF16", {10, 64}, std::string(1280, '?'));
  model.write("model.safetensors", writer);
  model.write("tokenizer.json", "{\"t\": 1}");
  model.write(
      "generation_config.json", parse_json(R"({"eos_token_id": [7, 2]})", "g"));
  model.write(
      "tokenizer_config.json",
      parse_json(
          R"({"bos_token": {"content": "<s>"}, "eos_token": "<end>",
              "chat_template": [{"name": "rag", "template": "no"},
                                {"name": "default", "template": "yes"}],
              "added_tokens_decoder": {"9": {"content": "<end>"},
                                       "1": {"content": "<s>"}}})",
          "t"));
  const auto checkpoint = model.open();
  CHECK(checkpoint.config().at("hidden_size") == 64);
  CHECK(checkpoint.config().at("eos_token_id") == Json::array({7, 2, 9}));
  CHECK(checkpoint.bos_token() == "<s>");
  CHECK(checkpoint.eos_token() == "<end>");
  CHECK(checkpoint.chat_template() == "yes");
  CHECK(checkpoint.tokenizer_json() == "{\"t\": 1}");
  const auto& embed = *checkpoint.find("model.embed_tokens.weight");
  CHECK(embed.shape == std::vector<int>{10, 64});
  CHECK(embed.dtype == Dtype::bf16);
  CHECK(checkpoint.load(embed).values.size() == 1280);
  CHECK(checkpoint.bytes_read() == 1280);
  model.write("chat_template.jinja", "file");
  CHECK(model.open().chat_template() == "file");
}

// Seen to fail with: tokenizer.model not looked for.
TEST_CASE("a directory without optional files opens too") {
  const Model model;
  auto config = tiny_config();
  config.erase("eos_token_id");
  model.write("config.json", config);
  model.write("part.safetensors", one_norm());
  const auto checkpoint = model.open();
  CHECK(checkpoint.config().at("eos_token_id") == Json::array());
  CHECK(checkpoint.bos_token().empty());
  CHECK_FALSE(checkpoint.chat_template());
  check_refused(kConfig, {"tokenizer.json", "missing"}, [&] {
    (void)checkpoint.tokenizer_json();
  });
  model.write("tokenizer.model", "x");
  check_refused(kUnsupported, {"tokenizer.model", "SentencePiece"}, [&] {
    (void)checkpoint.tokenizer_json();
  });
}

// Seen to fail with: ids above the vocabulary taken.
TEST_CASE("the files beside are refused by file and key") {
  struct Case {
    const char* file;
    std::string_view named;
    std::string text;
  };
  for (
      const auto& one : std::vector<Case>{
          {"generation_config.json", "eos_token_id", R"({"eos_token_id":99})"},
          {"generation_config.json", "object", "[]"},
          {"tokenizer_config.json", "JSON", "{"},
          {"tokenizer_config.json", "bos_token", R"({"bos_token": 1})"},
          {"tokenizer_config.json", "content", R"({"eos_token": {}})"},
          {"tokenizer_config.json", "chat_template", R"({"chat_template":1})"},
          {"tokenizer_config.json", "name", R"({"chat_template":[{}]})"},
          {"tokenizer_config.json",
           "added_tokens_decoder",
           R"({"eos_token":"e","added_tokens_decoder":{"x":{"content":"e"}}})"},
          {"chat_template.json", "JSON", "x"}}) {
    const Model model;
    model.write("config.json", tiny_config());
    model.write("model.safetensors", one_norm());
    model.write(one.file, one.text);
    refused(kConfig, {one.file, one.named}, model);
  }
}

// Seen to fail with: every dtype taken for F32; layer numbers not checked.
TEST_CASE("tensors that are no weights are refused by name") {
  struct Case {
    ErrorKind kind;
    std::string_view named;
    std::function<void(SafetensorsWriter::Tensor&)> apply;
  };
  for (const auto& one : std::vector<Case>{
           {kUnsupported,
            "F8_E4M3",
            [](auto& t) {
              t.dtype = "F8_E4M3";
              t.data.resize(64);
            }},
           {kUnsupported,
            "I64",
            [](auto& t) {
              t.dtype = "I64";
              t.shape = "[32]";
            }},
           {kConfig,
            "model.norm.weight",
            [](auto& t) {
              t.shape = "[0]";
              t.data = "";
            }},
           {kConfig,
            "model.norm.weight",
            [](auto& t) {
              t.shape = "[]";
              t.data.resize(4);
            }},
           {kConfig,
            "model.norm.weight",
            [](auto& t) { t.shape = "[1,1,1,1,64]"; }},
           {kConfig,
            "model.layers.2.x",
            [](auto& t) { t.name = "model.layers.2.x.weight"; }},
           {kConfig,
            "model.layers.-1.x",
            [](auto& t) { t.name = "model.layers.-1.x.weight"; }},
           {kConfig, "model.layers.x", [](auto& t) {
              t.name = "model.layers.x";
            }}}) {
    const Model model;
    auto writer = one_norm();
    one.apply(writer.tensors[0]);
    model.write("config.json", tiny_config());
    model.write("model.safetensors", writer);
    refused(one.kind, {one.named}, model);
  }
}

} // namespace lockstep::checkpoint
