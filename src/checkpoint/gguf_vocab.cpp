#include "checkpoint/gguf_vocab.h"

#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "checkpoint/json_text.h"
#include "checkpoint/limits.h"

namespace lockstep::checkpoint {

namespace {

constexpr const char* kTokens = "tokenizer.ggml.tokens";
constexpr const char* kTypes = "tokenizer.ggml.token_type";

std::vector<TokenKind> read_kinds(const Gguf& gguf, std::size_t n_tokens) {
  std::vector<TokenKind> kinds(n_tokens, TokenKind::normal);
  if (!gguf.has(kTypes)) {
    return kinds;
  }
  const auto types = gguf.integers(kTypes, kMaxRows);
  if (types.size() != n_tokens) {
    gguf.refuse(
        kTypes,
        fmt::format("has {} elements for {} tokens", types.size(), n_tokens));
  }
  for (std::size_t i = 0; i < n_tokens; ++i) {
    if (types[i] < static_cast<int>(TokenKind::normal) ||
        types[i] > static_cast<int>(TokenKind::byte)) {
      gguf.refuse(
          kTypes,
          fmt::format("token {} has type {}, expected 1 to 6", i, types[i]));
    }
    kinds[i] = static_cast<TokenKind>(types[i]);
  }
  return kinds;
}

} // namespace

std::optional<Token> GgufVocab::find(std::string_view token) const {
  const auto found = ids.find(token);
  return found == ids.end() ? std::nullopt : std::optional(found->second);
}

GgufVocab read_gguf_vocab(const Gguf& gguf) {
  GgufVocab vocab{gguf.strings(kTokens, kMaxRows), {}, {}};
  const auto n_tokens = vocab.tokens.size();
  vocab.kinds = read_kinds(gguf, n_tokens);
  vocab.ids.reserve(n_tokens);
  for (std::size_t i = 0; i < n_tokens; ++i) {
    const auto token = vocab.tokens[i];
    if (token.empty() || !is_utf8(token)) {
      gguf.refuse(
          kTokens,
          fmt::format(
              "token {} is {}", i, token.empty() ? "empty" : "not UTF-8"));
    }
    const auto [other, is_new] =
        vocab.ids.emplace(token, static_cast<Token>(i));
    if (!is_new) {
      gguf.refuse(
          kTokens,
          fmt::format("token {} is the same as token {}", i, other->second));
    }
  }
  return vocab;
}

std::optional<Token> special_token(
    const Gguf& gguf, std::string_view key, std::size_t size) {
  if (!gguf.has(key)) {
    return std::nullopt;
  }
  return static_cast<Token>(
      gguf.integer(key, 0, static_cast<std::int64_t>(size) - 1));
}

} // namespace lockstep::checkpoint
