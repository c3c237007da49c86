#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"

namespace lockstep::text {

/// Text to token ids and back, by the `tokenizers` library. Immutable after
/// construction; may be shared between threads.
class Tokenizer {
 public:
  /// Takes the text of a tokenizer.json; its truncation, padding and dropout
  /// are not applied. Throws Error{config} with the library's reason, also for
  /// a decoder whose output no Detokenizer could give token by token.
  explicit Tokenizer(std::string_view tokenizer_json);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  /// `add_special`: put what the model expects around a text (BOS, …).
  /// `parse_special`: control tokens written in the text become their ids;
  /// otherwise they are encoded as plain text, so that a user's text cannot
  /// forge them (added tokens that are not special are found either way).
  /// Throws Error{request} when `text` is not valid UTF-8, naming the byte.
  std::vector<Token> encode(
      std::string_view text, bool add_special, bool parse_special) const;

  /// Valid UTF-8; what is not becomes U+FFFD. `skip_special` leaves control
  /// tokens out. Throws Error{request} for an id outside the vocabulary.
  std::string decode(const std::vector<Token>& tokens, bool skip_special) const;

  /// The token of exactly this name ("<|im_end|>"), if there is one.
  std::optional<Token> find(std::string_view name) const;

  int vocab() const; // ids are 0 … vocab() - 1, added tokens included

 private:
  friend class Detokenizer;
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

} // namespace lockstep::text
