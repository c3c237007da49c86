#include "text/detokenizer.h"

#include "text/border.h"
#include "text/handles.h"

namespace lockstep::text {

struct Detokenizer::State {
  struct Free {
    void operator()(LockstepStream* stream) const {
      lockstep_stream_free(stream);
    }
  };
  std::unique_ptr<LockstepStream, Free> rust;
};

Detokenizer::Detokenizer(const Tokenizer& tokenizer, bool skip_special)
    : state_(std::make_unique<State>()) {
  LockstepText error{};
  state_->rust.reset(
      lockstep_stream_new(tokenizer.handle_->rust.get(), skip_special, &error));
  if (!state_->rust) {
    fail_with(ErrorKind::config, "tokenizer", error);
  }
}

Detokenizer::~Detokenizer() = default;
Detokenizer::Detokenizer(Detokenizer&&) noexcept = default;
Detokenizer& Detokenizer::operator=(Detokenizer&&) noexcept = default;

std::string Detokenizer::push(Token token) {
  LockstepText text{};
  LockstepText error{};
  if (!lockstep_stream_push(state_->rust.get(), token, &text, &error)) {
    fail_with(ErrorKind::request, "tokens to decode", error);
  }
  return take(text);
}

std::string Detokenizer::finish() {
  LockstepText text{};
  LockstepText error{};
  if (!lockstep_stream_finish(state_->rust.get(), &text, &error)) {
    fail_with(ErrorKind::request, "tokens to decode", error);
  }
  return take(text);
}

} // namespace lockstep::text
