#pragma once

#include <memory>
#include <string>

#include "base/types.h"
#include "text/tokenizer.h"

namespace lockstep::text {

/// Turns a stream of tokens into text, whole UTF-8 characters only. All pieces
/// put together are what Tokenizer::decode gives for all tokens, byte for byte.
class Detokenizer {
 public:
  /// Keeps a reference to `tokenizer`. `skip_special` leaves control tokens
  /// out of the text.
  Detokenizer(const Tokenizer& tokenizer, bool skip_special);
  ~Detokenizer();
  Detokenizer(Detokenizer&&) noexcept;
  Detokenizer& operator=(Detokenizer&&) noexcept;

  /// The text that has become certain by this token; often empty.
  std::string push(Token token);
  /// What was held back; bytes that never became a character are U+FFFD.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace lockstep::text
