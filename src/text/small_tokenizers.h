#pragma once

/// Small tokenizers for tests, as the text of a tokenizer.json.

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace lockstep::text {

using TestJson = nlohmann::json;

inline TestJson added_token(int id, const std::string& name, bool special) {
  return {
      {"id", id},
      {"content", name},
      {"single_word", false},
      {"lstrip", false},
      {"rstrip", false},
      {"normalized", false},
      {"special", special}};
}

/// The character that stands for a byte in byte-level vocabularies.
inline std::string byte_letter(int byte) {
  const auto plain = [](int b) {
    return (b >= 33 && b <= 126) || (b >= 161 && b != 173);
  };
  auto code = byte;
  if (!plain(byte)) {
    code = 256;
    for (int b = 0; b < byte; ++b) {
      code += plain(b) ? 0 : 1;
    }
  }
  if (code < 128) {
    return {static_cast<char>(code)};
  }
  return {
      static_cast<char>(0xC0 | (code >> 6)),
      static_cast<char>(0x80 | (code & 0x3F))};
}

/// Id b is byte b for 0 … 255; then "he" 256, "ll" 257, "hell" 258, control
/// tokens "<|end|>" 259 and "<|start|>" 260, added token "<think>" 261.
inline TestJson byte_level_json() {
  TestJson vocab = TestJson::object();
  for (int byte = 0; byte < 256; ++byte) {
    vocab[byte_letter(byte)] = byte;
  }
  vocab.update({{"he", 256}, {"ll", 257}, {"hell", 258}});
  const TestJson byte_level = {
      {"type", "ByteLevel"},
      {"add_prefix_space", false},
      {"trim_offsets", true},
      {"use_regex", true}};
  return {
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens",
       {added_token(259, "<|end|>", true),
        added_token(260, "<|start|>", true),
        added_token(261, "<think>", false)}},
      {"normalizer", nullptr},
      {"pre_tokenizer", byte_level},
      {"post_processor", nullptr},
      {"decoder", byte_level},
      {"model",
       {{"type", "BPE"},
        {"vocab", vocab},
        {"merges", {"h e", "l l", "he ll"}}}}};
}

/// In the manner of SentencePiece: "<unk>" 0, "<s>" 1, "</s>" 2, the bytes
/// "<0x00>" … from 3, then pieces; "<s" and "s>" make the control token "<s>"
/// by a merge.
inline TestJson pieces_json() {
  TestJson vocab = {{"<unk>", 0}, {"<s>", 1}, {"</s>", 2}};
  for (int byte = 0; byte < 256; ++byte) {
    vocab[fmt::format("<0x{:02X}>", byte)] = 3 + byte;
  }
  for (const auto* piece :
       {"▁", "h", "i", "▁h", "▁hi", "<", "s", ">", "<s", "a", "▁a", "é"}) {
    const auto id = vocab.size();
    vocab[piece] = id;
  }
  const TestJson merges = {"▁ h", "▁h i", "< s", "<s >", "▁ a"};
  return {
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens",
       {added_token(0, "<unk>", true),
        added_token(1, "<s>", true),
        added_token(2, "</s>", true)}},
      {"normalizer",
       {{"type", "Sequence"},
        {"normalizers",
         {{{"type", "Prepend"}, {"prepend", "▁"}},
          {{"type", "Replace"},
           {"pattern", {{"String", " "}}},
           {"content", "▁"}}}}}},
      {"pre_tokenizer", nullptr},
      {"post_processor",
       {{"type", "TemplateProcessing"},
        {"single",
         {{{"SpecialToken", {{"id", "<s>"}, {"type_id", 0}}}},
          {{"Sequence", {{"id", "A"}, {"type_id", 0}}}}}},
        {"pair", TestJson::array()},
        {"special_tokens",
         {{"<s>", {{"id", "<s>"}, {"ids", {1}}, {"tokens", {"<s>"}}}}}}}},
      {"decoder",
       {{"type", "Sequence"},
        {"decoders",
         {{{"type", "Replace"},
           {"pattern", {{"String", "▁"}}},
           {"content", " "}},
          {{"type", "ByteFallback"}},
          {{"type", "Fuse"}},
          {{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}}}}}},
      {"model",
       {{"type", "BPE"},
        {"unk_token", "<unk>"},
        {"byte_fallback", true},
        {"fuse_unk", true},
        {"vocab", vocab},
        {"merges", merges}}}};
}

} // namespace lockstep::text
