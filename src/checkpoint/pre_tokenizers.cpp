#include "checkpoint/pre_tokenizers.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <vector>

#include <fmt/ranges.h>

#include "base/error.h"

namespace lockstep::checkpoint {

namespace {

// The patterns are those of the models' own tokenizers.
constexpr const char* kGpt2 =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S))";
constexpr const char* kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3})"
    R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N})"
    R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kTekken =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*)"
    R"([\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
    R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+)"
    R"([\p{Ll}\p{Lm}\p{Lo}\p{M}]*)"
    R"(|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kPunctuation = R"([\p{P}\$\+<=>\^~\|]+)";

enum class Kind { digits_gpt2, gpt2, llama3, qwen2, tekken, fallback };

struct Entry {
  std::string_view name;
  Kind kind;
};

constexpr std::array kKnown{
    Entry{"smollm", Kind::digits_gpt2},
    Entry{"starcoder", Kind::digits_gpt2},
    Entry{"refact", Kind::digits_gpt2},
    Entry{"codeshell", Kind::digits_gpt2},
    Entry{"gpt-2", Kind::gpt2},
    Entry{"phi-2", Kind::gpt2},
    Entry{"llama-bpe", Kind::llama3},
    Entry{"llama3", Kind::llama3},
    Entry{"llama-v3", Kind::llama3},
    Entry{"qwen2", Kind::qwen2},
    Entry{"deepseek-r1-qwen", Kind::qwen2},
    Entry{"tekken", Kind::tekken},
    Entry{"default", Kind::fallback},
};

Json byte_level(bool use_regex, bool add_prefix_space) {
  return {
      {"type", "ByteLevel"},
      {"add_prefix_space", add_prefix_space},
      {"trim_offsets", true},
      {"use_regex", use_regex}};
}

Json sequence(Json::array_t parts) {
  return {{"type", "Sequence"}, {"pretokenizers", std::move(parts)}};
}

// Cuts by each pattern in turn, then turns bytes into letters.
Json splits(std::initializer_list<const char*> patterns) {
  Json::array_t parts;
  for (const char* pattern : patterns) {
    parts.push_back(
        {{"type", "Split"},
         {"pattern", {{"Regex", pattern}}},
         {"behavior", "Isolated"},
         {"invert", false}});
  }
  parts.push_back(byte_level(false, false));
  return sequence(std::move(parts));
}

PreTokenizer make(Kind kind, bool add_prefix_space) {
  switch (kind) {
    case Kind::gpt2:
      return {nullptr, byte_level(true, add_prefix_space)};
    case Kind::llama3:
      return {nullptr, splits({kLlama3}), true, true};
    case Kind::qwen2:
      return {{{"type", "NFC"}}, splits({kQwen2})};
    case Kind::tekken:
      return {nullptr, splits({kTekken}), true, true};
    case Kind::fallback:
      return {
          nullptr,
          splits({kPunctuation, kGpt2, R"(\p{N}+)", "[0-9][0-9][0-9]"})};
    case Kind::digits_gpt2:
      break;
  }
  return {
      nullptr,
      sequence(
          {{{"type", "Digits"}, {"individual_digits", true}},
           byte_level(true, false)})};
}

} // namespace

PreTokenizer find_pre_tokenizer(
    std::string_view name, bool add_prefix_space, const std::string& where) {
  const auto* const found =
      std::find_if(kKnown.begin(), kKnown.end(), [&](const Entry& entry) {
        return entry.name == name;
      });
  if (found == kKnown.end()) {
    std::vector<std::string_view> names;
    names.reserve(kKnown.size());
    for (const auto& entry : kKnown) {
      names.push_back(entry.name);
    }
    fail(
        ErrorKind::unsupported,
        "{}: is {}, which is not known; known are {}",
        where,
        shown(std::string(name)),
        fmt::join(names, ", "));
  }
  if (add_prefix_space && found->kind != Kind::gpt2) {
    fail(
        ErrorKind::unsupported,
        "{}: is \"{}\", which is not known with a space before the text",
        where,
        name);
  }
  return make(found->kind, add_prefix_space);
}

} // namespace lockstep::checkpoint
