#include "checkpoint/gguf_tokenizer.h"

#include <cstddef>
#include <iterator>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "checkpoint/gguf_vocab.h"
#include "checkpoint/json_text.h"
#include "checkpoint/limits.h"
#include "checkpoint/pre_tokenizers.h"
#include "checkpoint/sentencepiece.h"
#include "checkpoint/tokenizer_writer.h"

namespace lockstep::checkpoint {

namespace {

constexpr const char* kModel = "tokenizer.ggml.model";
constexpr const char* kPre = "tokenizer.ggml.pre";
constexpr const char* kTokens = "tokenizer.ggml.tokens";
constexpr const char* kMerges = "tokenizer.ggml.merges";
constexpr const char* kBos = "tokenizer.ggml.bos_token_id";
constexpr const char* kEos = "tokenizer.ggml.eos_token_id";
constexpr const char* kUnknown = "tokenizer.ggml.unknown_token_id";
constexpr const char* kAddSpace = "tokenizer.ggml.add_space_prefix";
constexpr std::string_view kSpace = "\u2581"; // SentencePiece's

// "a b": neither side is empty, so the space is not the first byte.
std::vector<Merge> split_merges(
    const Gguf& gguf, const GgufStrings& strings, const GgufVocab& vocab) {
  std::vector<Merge> merges;
  merges.reserve(strings.size());
  std::string joined;
  for (std::size_t i = 0; i < strings.size(); ++i) {
    const auto text = strings[i];
    const auto space = text.find(' ', 1);
    if (space == std::string_view::npos) {
      gguf.refuse(kMerges, fmt::format("merge {} is not two parts", i));
    }
    const Merge merge{text.substr(0, space), text.substr(space + 1)};
    joined.assign(merge.first).append(merge.second);
    if (!vocab.find(merge.first) || !vocab.find(merge.second) ||
        !vocab.find(joined)) {
      gguf.refuse(
          kMerges,
          fmt::format(
              "merge {}, {}, has parts or a result that is no token",
              i,
              shown(std::string(text))));
    }
    merges.push_back(merge);
  }
  return merges;
}

TokenizerParts byte_level_parts(const Gguf& gguf, bool& adds_bos) {
  if (!gguf.has(kPre)) {
    gguf.refuse(
        kPre,
        "is missing, so it is not known how text is cut; "
        "convert the model again with a current converter",
        ErrorKind::unsupported);
  }
  auto pre = find_pre_tokenizer(
      gguf.string(kPre),
      gguf.boolean_or(kAddSpace, false),
      gguf.file().path().string() + ": metadata key \"" + kPre + "\"");
  TokenizerParts parts;
  parts.normalizer = std::move(pre.normalizer);
  parts.pre_tokenizer = std::move(pre.pre_tokenizer);
  parts.decoder = {
      {"type", "ByteLevel"},
      {"add_prefix_space", true},
      {"trim_offsets", true},
      {"use_regex", true}};
  parts.ignore_merges = pre.ignore_merges;
  adds_bos = pre.adds_bos;
  return parts;
}

Json unknown_token(const Gguf& gguf, const GgufVocab& vocab) {
  if (const auto id = special_token(gguf, kUnknown, vocab.tokens.size())) {
    return std::string(vocab.tokens[static_cast<std::size_t>(*id)]);
  }
  for (std::size_t i = 0; i < vocab.kinds.size(); ++i) {
    if (vocab.kinds[i] == TokenKind::unknown) {
      return std::string(vocab.tokens[i]);
    }
  }
  return nullptr;
}

void refuse_other_normalizers(const Gguf& gguf) {
  constexpr const char* kStrip = "tokenizer.ggml.remove_extra_whitespaces";
  constexpr const char* kCharsmap = "tokenizer.ggml.precompiled_charsmap";
  if (gguf.boolean_or(kStrip, false)) {
    gguf.refuse(kStrip, "true is not supported", ErrorKind::unsupported);
  }
  if (gguf.array_size(kCharsmap) != 0) {
    gguf.refuse(kCharsmap, "is not supported", ErrorKind::unsupported);
  }
}

TokenizerParts sentencepiece_parts(const Gguf& gguf, const GgufVocab& vocab) {
  refuse_other_normalizers(gguf);
  const std::string space(kSpace);
  auto normalizers = Json::array();
  auto decoders = Json::array(
      {{{"type", "Replace"},
        {"pattern", {{"String", space}}},
        {"content", " "}},
       {{"type", "ByteFallback"}},
       {{"type", "Fuse"}}});
  if (gguf.boolean_or(kAddSpace, true)) {
    normalizers.push_back({{"type", "Prepend"}, {"prepend", space}});
    decoders.push_back(
        {{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  }
  normalizers.push_back(
      {{"type", "Replace"},
       {"pattern", {{"String", " "}}},
       {"content", space}});
  TokenizerParts parts;
  parts.normalizer = {{"type", "Sequence"}, {"normalizers", normalizers}};
  parts.decoder = {{"type", "Sequence"}, {"decoders", decoders}};
  parts.unk_token = unknown_token(gguf, vocab);
  parts.fuse_unk = true;
  parts.byte_fallback = has_byte_fallback(gguf, vocab);
  return parts;
}

void add_special(
    Json& single, Json& pair, Json& tokens, const std::string& text, Token id) {
  const Json piece = {{"SpecialToken", {{"id", text}, {"type_id", 0}}}};
  single.push_back(piece);
  pair.push_back(piece);
  tokens[text] = {
      {"id", text},
      {"ids", Json::array({id})},
      {"tokens", Json::array({text})}};
}

// What stands around a text; null when nothing does.
Json post_processor(const Gguf& gguf, const GgufVocab& vocab, bool adds_bos) {
  const bool bos = gguf.boolean_or("tokenizer.ggml.add_bos_token", adds_bos);
  const bool eos = gguf.boolean_or("tokenizer.ggml.add_eos_token", false);
  const auto add = [&](const char* key, Json& single, Json& pair, Json& all) {
    const auto id = special_token(gguf, key, vocab.tokens.size());
    if (!id) {
      gguf.refuse(key, "is missing, but it is to be added to every text");
    }
    const auto text = vocab.tokens[static_cast<std::size_t>(*id)];
    add_special(single, pair, all, std::string(text), *id);
  };
  if (!bos && !eos) {
    return nullptr;
  }
  auto single = Json::array();
  auto pair = Json::array();
  auto tokens = Json::object();
  if (bos) {
    add(kBos, single, pair, tokens);
  }
  single.push_back({{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
  pair.push_back({{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
  pair.push_back({{"Sequence", {{"id", "B"}, {"type_id", 0}}}});
  if (eos) {
    add(kEos, single, pair, tokens);
  }
  return {
      {"type", "TemplateProcessing"},
      {"single", single},
      {"pair", pair},
      {"special_tokens", tokens}};
}

} // namespace

std::string gguf_tokenizer_json(const Gguf& gguf) {
  const auto model = gguf.string(kModel);
  if (model != "gpt2" && model != "llama") {
    gguf.refuse(
        kModel,
        "is " + shown(model) + ", supported are gpt2 and llama",
        ErrorKind::unsupported);
  }
  const auto vocab = read_gguf_vocab(gguf);
  if (model == "llama") {
    auto parts = sentencepiece_parts(gguf, vocab);
    parts.post_processor = post_processor(gguf, vocab, true);
    return write_tokenizer(parts, vocab, sentencepiece_merges(gguf, vocab));
  }
  bool adds_bos = false;
  auto parts = byte_level_parts(gguf, adds_bos);
  parts.post_processor = post_processor(gguf, vocab, adds_bos);
  const auto strings = gguf.strings(kMerges, kMaxRows);
  return write_tokenizer(parts, vocab, split_merges(gguf, strings, vocab));
}

std::string gguf_token_text(const Gguf& gguf, std::string_view key) {
  if (!gguf.has(key)) {
    return {};
  }
  const auto tokens = gguf.strings(kTokens, kMaxRows);
  const auto id = special_token(gguf, key, tokens.size());
  const auto text = tokens[static_cast<std::size_t>(*id)];
  if (!is_utf8(text)) {
    gguf.refuse(kTokens, fmt::format("token {} is not UTF-8", *id));
  }
  return std::string(text);
}

} // namespace lockstep::checkpoint
