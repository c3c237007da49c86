#include "checkpoint/gguf_tokenizer.h"

#include <cstddef>
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "base/error.h"
#include "base/json.h"
#include "support/gguf_writer.h"
#include "support/temp_folder.h"
#include "support/tiny_gguf.h"

namespace lockstep::checkpoint {

using testing::GgufWriter;
using testing::sentencepiece_gguf;
using testing::TempFolder;
using testing::tiny_gguf;

namespace {

std::string text_of(const TempFolder& folder, const GgufWriter& writer) {
  return gguf_tokenizer_json(Gguf(
      std::make_shared<const File>(folder.write("m.gguf", writer.bytes()))));
}

Json json_of(const TempFolder& folder, const GgufWriter& writer) {
  return parse_json(text_of(folder, writer), "tokenizer.json");
}

} // namespace

// Seen to fail with: user-defined tokens made special; quotes not escaped.
TEST_CASE("a byte-level vocabulary becomes a tokenizer.json") {
  const TempFolder folder;
  auto writer = tiny_gguf();
  writer.set_strings(
      "tokenizer.ggml.tokens", {"a", "\"\\", "a\"\\", "<s>", "\xc4\xa0\n"});
  writer.set_i32s("tokenizer.ggml.token_type", {1, 1, 1, 3, 4});
  writer.set_strings("tokenizer.ggml.merges", {"a \"\\"});
  const auto json = json_of(folder, writer);
  CHECK(
      json.at("added_tokens") ==
      parse_json(
          R"([{"id": 3, "content": "<s>", "single_word": false,
               "lstrip": false, "rstrip": false, "normalized": false,
               "special": true},
              {"id": 4, "content": "Ġ\n", "single_word": false,
               "lstrip": false, "rstrip": false, "normalized": false,
               "special": false}])",
          "expected"));
  CHECK(
      json.at("pre_tokenizer") == parse_json(
                                      R"({"type": "Sequence", "pretokenizers": [
               {"type": "Digits", "individual_digits": true},
               {"type": "ByteLevel", "add_prefix_space": false,
                "trim_offsets": true, "use_regex": true}]})",
                                      "expected"));
  CHECK(json.at("normalizer").is_null());
  CHECK(json.at("post_processor").is_null());
  const auto& model = json.at("model");
  CHECK(model.at("type") == "BPE");
  CHECK(model.at("unk_token").is_null());
  CHECK(model.at("ignore_merges") == false);
  CHECK(
      model.at("vocab") ==
      parse_json(
          R"({"a": 0, "\"\\": 1, "a\"\\": 2, "<s>": 3, "Ġ\n": 4})", "e"));
  CHECK(model.at("merges") == parse_json(R"([["a", "\"\\"]])", "e"));
}

// Seen to fail with: llama-bpe cut as qwen2.
TEST_CASE("the pre kind decides how text is cut") {
  const TempFolder folder;
  auto writer = tiny_gguf();
  const auto with = [&](const char* pre) {
    writer.set_string("tokenizer.ggml.pre", pre);
    return json_of(folder, writer);
  };
  const auto pattern = [](const Json& json, std::size_t part) {
    return json.at("pre_tokenizer")
        .at("pretokenizers")
        .at(part)
        .at("pattern")
        .at("Regex")
        .get<std::string>();
  };
  const auto llama = with("llama-bpe");
  CHECK(pattern(llama, 0).find("\\p{N}{1,3}|") != std::string::npos);
  CHECK(llama.at("model").at("ignore_merges") == true);
  CHECK(llama.at("post_processor").at("single").size() == 2);
  const auto qwen = with("qwen2");
  CHECK(pattern(qwen, 0).find("|\\p{N}| ") != std::string::npos);
  CHECK(qwen.at("normalizer").at("type") == "NFC");
  CHECK(qwen.at("post_processor").is_null());
  CHECK(with("gpt-2").at("pre_tokenizer").at("type") == "ByteLevel");
  CHECK(with("default").at("pre_tokenizer").at("pretokenizers").size() == 5);
  CHECK(pattern(with("tekken"), 0).find("\\p{Lu}") != std::string::npos);
}

// Seen to fail with: the end token put first.
TEST_CASE("begin and end tokens are added where the file says so") {
  const TempFolder folder;
  auto writer = tiny_gguf();
  writer.set_bool("tokenizer.ggml.add_bos_token", true);
  writer.set_bool("tokenizer.ggml.add_eos_token", true);
  const auto post = json_of(folder, writer).at("post_processor");
  CHECK(
      post.at("single") ==
      parse_json(
          R"([{"SpecialToken": {"id": "<s>", "type_id": 0}},
              {"Sequence": {"id": "A", "type_id": 0}},
              {"SpecialToken": {"id": "</s>", "type_id": 0}}])",
          "e"));
  CHECK(
      post.at("special_tokens") ==
      parse_json(
          R"({"<s>": {"id": "<s>", "ids": [3], "tokens": ["<s>"]},
              "</s>": {"id": "</s>", "ids": [4], "tokens": ["</s>"]}})",
          "e"));
  writer.set_string("tokenizer.ggml.pre", "llama-bpe");
  writer.set_bool("tokenizer.ggml.add_bos_token", false);
  writer.set_bool("tokenizer.ggml.add_eos_token", false);
  CHECK(json_of(folder, writer).at("post_processor").is_null());
}

// Seen to fail with: scores sorted upwards; user-defined pieces never joined.
TEST_CASE("SentencePiece scores become merges, best first") {
  const TempFolder folder;
  auto writer = sentencepiece_gguf();
  const auto json = json_of(folder, writer);
  const auto& model = json.at("model");
  CHECK(
      model.at("merges") ==
      parse_json(
          R"([["a", "b"], ["ab", "c"], ["a", "bc"], ["▁", "a"], ["b", "c"]])",
          "e"));
  CHECK(model.at("byte_fallback") == true);
  CHECK(model.at("fuse_unk") == true);
  CHECK(model.at("unk_token") == "<unk>");
  CHECK(model.at("vocab").at("<0x0A>") == 13);
  CHECK(json.at("added_tokens").size() == 4);
  CHECK(json.at("added_tokens").at(0).at("special") == true);
  CHECK(json.at("added_tokens").at(3).at("content") == "bc");
  CHECK(json.at("added_tokens").at(3).at("special") == false);
  CHECK(json.at("normalizer").at("normalizers").size() == 2);
  CHECK(json.at("decoder").at("decoders").size() == 4);
  CHECK(json.at("post_processor").at("single").size() == 2);
  writer.set_bool("tokenizer.ggml.add_space_prefix", false);
  writer.set_bool("tokenizer.ggml.add_bos_token", false);
  const auto bare = json_of(folder, writer);
  CHECK(bare.at("normalizer").at("normalizers").size() == 1);
  CHECK(bare.at("decoder").at("decoders").size() == 3);
  CHECK(bare.at("post_processor").is_null());
}

TEST_CASE("texts of special tokens") {
  const TempFolder folder;
  const Gguf gguf(std::make_shared<const File>(
      folder.write("m.gguf", tiny_gguf().bytes())));
  CHECK(gguf_token_text(gguf, "tokenizer.ggml.bos_token_id") == "<s>");
  CHECK(gguf_token_text(gguf, "tokenizer.ggml.eos_token_id") == "</s>");
  CHECK(gguf_token_text(gguf, "tokenizer.ggml.eot_token_id").empty());
}

} // namespace lockstep::checkpoint
