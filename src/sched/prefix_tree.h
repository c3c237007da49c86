#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/types.h"

namespace lockstep::sched {

/// Tokens with which both begin.
std::size_t n_common(std::span<const Token> a, std::span<const Token> b);

/// What slots hold, as a radix tree over token ids, to find who begins like a
/// prompt.
class PrefixTree {
 public:
  explicit PrefixTree(int n_slots);
  ~PrefixTree();
  PrefixTree(PrefixTree&&) noexcept;
  PrefixTree& operator=(PrefixTree&&) noexcept;

  /// The slot holds these tokens behind those that it held before.
  void extend(int slot, std::span<const Token> tokens);
  /// It holds the first `n_tokens` of what it held; 0 = nothing.
  void truncate(int slot, int n_tokens);
  int n_tokens(int slot) const; // held

  struct Match {
    int slot = -1; // -1: nobody holds even the first token
    int n_tokens = 0;
  };
  /// Who holds the longest beginning of `tokens`.
  Match find(std::span<const Token> tokens) const;

 private:
  struct Node;

  static Node& split(Node& node, std::size_t n_tokens);
  static void end_at(Node& node, int slot); // at the root nobody does
  static void remove_unused(Node* node);

  std::unique_ptr<Node> root_;
  std::vector<Node*> ends_; // by slot: the node at whose end it ends
  std::vector<int> lengths_;
};

} // namespace lockstep::sched
