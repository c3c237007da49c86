#include "engine/token_history.h"

#include "base/error.h"

namespace lockstep::engine {

void TokenHistory::append(int offset, std::span<const Token> tokens) {
  if (offset < 0 || offset > size()) {
    fail(
        ErrorKind::diverged,
        "tokens come to place {} of a slot that holds {}",
        offset,
        size());
  }
  tokens_.resize(static_cast<std::size_t>(offset));
  tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
}

void TokenHistory::copy_prefix(const TokenHistory& from, int n) {
  if (n < 0 || n > from.size()) {
    fail(
        ErrorKind::diverged,
        "a slot is to begin with {} tokens of one that holds {}",
        n,
        from.size());
  }
  if (this == &from) {
    tokens_.resize(static_cast<std::size_t>(n));
    return;
  }
  const auto prefix = from.first(n);
  tokens_.assign(prefix.begin(), prefix.end());
}

} // namespace lockstep::engine
