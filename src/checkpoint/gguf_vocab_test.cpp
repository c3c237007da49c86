#include "checkpoint/gguf_vocab.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"
#include "checkpoint/gguf_tokenizer.h"
#include "support/gguf_writer.h"
#include "support/refused.h"
#include "support/temp_folder.h"
#include "support/tiny_gguf.h"

namespace lockstep::checkpoint {

using testing::check_refused;
using testing::GgufWriter;
using testing::sentencepiece_gguf;
using testing::TempFolder;
using testing::tiny_gguf;

namespace {

std::string text_of(const TempFolder& folder, const GgufWriter& writer) {
  return gguf_tokenizer_json(Gguf(
      std::make_shared<const File>(folder.write("m.gguf", writer.bytes()))));
}

} // namespace

// Seen to fail with: UTF-8 not checked; surrogates taken; merges not looked up;
// scores that are not finite taken.
TEST_CASE("vocabularies that are not sound are refused by name") {
  struct Case {
    ErrorKind kind;
    std::vector<std::string_view> named;
    std::function<void(GgufWriter&)> apply;
  };
  constexpr auto kConfig = ErrorKind::config;
  constexpr auto kUnsupported = ErrorKind::unsupported;
  const auto tokens = "tokenizer.ggml.tokens";
  const auto merges = "tokenizer.ggml.merges";
  const auto types = "tokenizer.ggml.token_type";
  const auto scores = "tokenizer.ggml.scores";
  const auto strings = [](const char* key,
                          const std::vector<std::string>& values) {
    return [=](GgufWriter& w) { w.set_strings(key, values); };
  };
  const std::vector<Case> byte_level{
      {kUnsupported,
       {"tokenizer.ggml.model", "t5", "gpt2 and llama"},
       [](auto& w) { w.set_string("tokenizer.ggml.model", "t5"); }},
      {kUnsupported,
       {"tokenizer.ggml.pre", "viking", "smollm", "llama-bpe"},
       [](auto& w) { w.set_string("tokenizer.ggml.pre", "viking"); }},
      {kUnsupported,
       {"tokenizer.ggml.pre", "missing"},
       [](auto& w) { w.remove("tokenizer.ggml.pre"); }},
      {kUnsupported,
       {"tokenizer.ggml.pre", "space"},
       [](auto& w) { w.set_bool("tokenizer.ggml.add_space_prefix", true); }},
      {kConfig,
       {tokens, "token 4", "token 0"},
       strings(tokens, {"a", "b", "ab", "<s>", "a"})},
      {kConfig, {tokens, "empty"}, strings(tokens, {"a", "b", "ab", "", "x"})},
      {kConfig,
       {tokens, "token 3", "UTF-8"},
       strings(tokens, {"a", "b", "ab", "\xff", "x"})},
      {kConfig,
       {tokens, "token 3", "UTF-8"},
       strings(tokens, {"a", "b", "ab", "\xed\xa0\x80", "x"})},
      {kConfig,
       {tokens, "token 3", "UTF-8"},
       strings(tokens, {"a", "b", "ab", "\xe2\x96", "x"})},
      {kConfig, {merges}, [=](auto& w) { w.remove(merges); }},
      {kConfig, {merges, "merge 0"}, strings(merges, {"ab"})},
      {kConfig, {merges, "merge 0"}, strings(merges, {""})},
      {kConfig, {merges, "merge 0"}, strings(merges, {" ab"})},
      {kConfig, {merges, "merge 1"}, strings(merges, {"a b", "a z"})},
      {kConfig, {merges, "merge 1"}, strings(merges, {"a b", "b a"})},
      {kConfig, {types, "5 tokens"}, [=](auto& w) { w.set_i32s(types, {1}); }},
      {kConfig,
       {types, "type 7"},
       [=](auto& w) { w.set_i32s(types, {1, 1, 1, 1, 7}); }},
      {kConfig,
       {types, "integers"},
       [=](auto& w) { w.set_f32s(types, {1, 1, 1, 1, 1}); }},
      {kConfig,
       {"bos_token_id", "5"},
       [](auto& w) {
         w.set_bool("tokenizer.ggml.add_bos_token", true);
         w.set_u32("tokenizer.ggml.bos_token_id", 5);
       }},
      {kConfig,
       {"bos_token_id", "missing"},
       [](auto& w) {
         w.set_bool("tokenizer.ggml.add_bos_token", true);
         w.remove("tokenizer.ggml.bos_token_id");
       }},
  };
  const std::vector<Case> pieces{
      {kConfig, {scores}, [=](auto& w) { w.remove(scores); }},
      {kConfig, {scores, "tokens"}, [=](auto& w) { w.set_f32s(scores, {0}); }},
      {kConfig,
       {scores, "token 7"},
       [=](auto& w) {
         std::vector<float> bad(267, 0.0F);
         bad[7] = std::numeric_limits<float>::quiet_NaN();
         w.set_f32s(scores, bad);
       }},
      {kConfig,
       {tokens, "bytes", "256"},
       [=](auto& w) {
         std::vector<std::int32_t> all(267, 1);
         all[100] = 6;
         w.set_i32s(types, all);
       }},
      {kUnsupported,
       {"remove_extra_whitespaces"},
       [](auto& w) {
         w.set_bool("tokenizer.ggml.remove_extra_whitespaces", true);
       }},
      {kConfig,
       {tokens, "300 bytes"},
       [=](auto& w) {
         w.set_strings(tokens, {std::string(300, 'x')});
         w.set_i32s(types, {1});
         w.set_f32s(scores, {0.0F});
         w.set_bool("tokenizer.ggml.add_bos_token", false);
         w.remove("tokenizer.ggml.bos_token_id");
         w.remove("tokenizer.ggml.eos_token_id");
         w.remove("tokenizer.ggml.unknown_token_id");
       }},
  };
  const TempFolder folder;
  const auto check = [&](const Case& one, GgufWriter writer) {
    one.apply(writer);
    check_refused(one.kind, {"m.gguf"}, [&] { (void)text_of(folder, writer); });
    check_refused(one.kind, one.named, [&] { (void)text_of(folder, writer); });
  };
  for (const auto& one : byte_level) {
    check(one, tiny_gguf());
  }
  for (const auto& one : pieces) {
    check(one, sentencepiece_gguf());
  }
}

} // namespace lockstep::checkpoint
