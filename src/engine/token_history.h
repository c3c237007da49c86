#pragma once

#include <span>
#include <vector>

#include "base/types.h"

namespace lockstep::engine {

/// The tokens whose keys and values one slot holds, in order: prompt and
/// answer. The last rank looks back at them when it samples.
class TokenHistory {
 public:
  /// Puts `tokens` at the places offset, offset + 1, …; what stood from there
  /// on is gone. Throws Error{diverged} when places before `offset` are empty.
  void append(int offset, std::span<const Token> tokens);
  /// Becomes the first n tokens of `from`, which may be this one. Throws
  /// Error{diverged} when `from` has fewer.
  void copy_prefix(const TokenHistory& from, int n);
  void clear() { tokens_.clear(); }

  int size() const { return static_cast<int>(tokens_.size()); }
  /// The first n, at most size(); valid until the history changes.
  std::span<const Token> first(int n) const {
    return std::span(tokens_).first(static_cast<std::size_t>(n));
  }

 private:
  std::vector<Token> tokens_;
};

} // namespace lockstep::engine
