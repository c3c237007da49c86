#pragma once

#include <memory>
#include <string>

#include "base/types.h"
#include "text/tokenizer.h"

namespace lockstep::text {

/// Turns a stream of tokens into text, whole UTF-8 characters only. All pieces
/// put together are what Tokenizer::decode gives for all tokens, byte for byte.
/// A token costs the same however many came before. One thread at a time.
class Detokenizer {
 public:
  /// May outlive `tokenizer`. `skip_special` leaves control tokens out of the
  /// text.
  Detokenizer(const Tokenizer& tokenizer, bool skip_special);
  ~Detokenizer();
  Detokenizer(Detokenizer&&) noexcept;
  Detokenizer& operator=(Detokenizer&&) noexcept;

  /// The text that has become certain by this token; often empty. Byte tokens
  /// in a row ("<0xE2>") become certain when the row ends. Throws
  /// Error{request} for an id outside the vocabulary and is unchanged then.
  std::string push(Token token);
  /// What was held back; bytes that never became a character are U+FFFD. The
  /// next push starts a new text.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace lockstep::text
