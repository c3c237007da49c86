#include "text/tokenizer.h"

#include "text/border.h"
#include "text/handles.h"

namespace lockstep::text {

namespace {

class FreedIds {
 public:
  FreedIds() = default;
  ~FreedIds() { lockstep_ids_free(ids_); }
  FreedIds(const FreedIds&) = delete;
  FreedIds& operator=(const FreedIds&) = delete;

  LockstepIds* out() { return &ids_; }
  std::vector<Token> copy() const { return {ids_.data, ids_.data + ids_.size}; }

 private:
  LockstepIds ids_{};
};

} // namespace

Tokenizer::Tokenizer(std::string_view tokenizer_json)
    : handle_(std::make_unique<Handle>()) {
  LockstepText error{};
  handle_->rust.reset(lockstep_tokenizer_new(
      tokenizer_json.data(), tokenizer_json.size(), &error));
  if (!handle_->rust) {
    fail_with(ErrorKind::config, "tokenizer", error);
  }
}

Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

std::vector<Token> Tokenizer::encode(
    std::string_view text, bool add_special, bool parse_special) const {
  FreedIds ids;
  LockstepText error{};
  if (!lockstep_tokenizer_encode(
          handle_->rust.get(),
          text.data(),
          text.size(),
          add_special,
          parse_special,
          ids.out(),
          &error)) {
    fail_with(ErrorKind::request, "text to encode", error);
  }
  return ids.copy();
}

std::string Tokenizer::decode(
    const std::vector<Token>& tokens, bool skip_special) const {
  LockstepText text{};
  LockstepText error{};
  if (!lockstep_tokenizer_decode(
          handle_->rust.get(),
          tokens.data(),
          tokens.size(),
          skip_special,
          &text,
          &error)) {
    fail_with(ErrorKind::request, "tokens to decode", error);
  }
  return take(text);
}

std::optional<Token> Tokenizer::find(std::string_view name) const {
  const auto id =
      lockstep_tokenizer_find(handle_->rust.get(), name.data(), name.size());
  return id < 0 ? std::nullopt : std::optional<Token>(id);
}

int Tokenizer::vocab() const {
  return lockstep_tokenizer_vocab(handle_->rust.get());
}

} // namespace lockstep::text
