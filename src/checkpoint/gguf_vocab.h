#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/types.h"
#include "checkpoint/gguf.h"

namespace lockstep::checkpoint {

/// What a token of a GGUF vocabulary is, numbered as in the file.
enum class TokenKind : std::uint8_t {
  normal = 1,
  unknown,
  control,
  user_defined,
  unused,
  byte,
};

/// The tokens of a GGUF file, read whole: all UTF-8, none empty, no two alike.
struct GgufVocab {
  GgufStrings tokens;
  std::vector<TokenKind> kinds;
  std::unordered_map<std::string_view, Token> ids; // keys point into tokens

  std::optional<Token> find(std::string_view token) const;
};

/// Throws Error{config} naming the metadata key and the token's number.
GgufVocab read_gguf_vocab(const Gguf& gguf);

/// The id under a key such as "tokenizer.ggml.bos_token_id", below `size`, or
/// nothing when there is no such key.
std::optional<Token> special_token(
    const Gguf& gguf, std::string_view key, std::size_t size);

} // namespace lockstep::checkpoint
