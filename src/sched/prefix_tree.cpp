#include "sched/prefix_tree.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

namespace lockstep::sched {

/// Tokens between two forks. Below the root every node without children is
/// where a slot ends.
struct PrefixTree::Node {
  std::vector<Token> tokens; // empty only at the root
  Node* parent = nullptr;
  std::map<Token, std::unique_ptr<Node>> children; // by their first token
  std::vector<int> slots;                          // that end here
};

std::size_t n_common(std::span<const Token> a, std::span<const Token> b) {
  const auto n = std::min(a.size(), b.size());
  const auto end = a.begin() + static_cast<std::ptrdiff_t>(n);
  return static_cast<std::size_t>(
      std::mismatch(a.begin(), end, b.begin()).first - a.begin());
}

PrefixTree::PrefixTree(int n_slots)
    : root_(std::make_unique<Node>()),
      ends_(static_cast<std::size_t>(n_slots), root_.get()),
      lengths_(ends_.size(), 0) {
}

PrefixTree::~PrefixTree() = default;
PrefixTree::PrefixTree(PrefixTree&&) noexcept = default;
PrefixTree& PrefixTree::operator=(PrefixTree&&) noexcept = default;

int PrefixTree::n_tokens(int slot) const {
  return lengths_[static_cast<std::size_t>(slot)];
}

/// Puts a node for the first `n_tokens` of a node's tokens above it.
PrefixTree::Node& PrefixTree::split(Node& node, std::size_t n_tokens) {
  auto& place = node.parent->children.at(node.tokens.front());
  auto lower = std::move(place);
  const auto middle =
      lower->tokens.begin() + static_cast<std::ptrdiff_t>(n_tokens);
  place = std::make_unique<Node>();
  auto& upper = *place;
  upper.parent = lower->parent;
  upper.tokens.assign(lower->tokens.begin(), middle);
  lower->tokens.erase(lower->tokens.begin(), middle);
  lower->parent = &upper;
  upper.children[lower->tokens.front()] = std::move(lower);
  return upper;
}

void PrefixTree::end_at(Node& node, int slot) {
  if (node.parent != nullptr) {
    node.slots.push_back(slot);
  }
}

void PrefixTree::extend(int slot, std::span<const Token> tokens) {
  auto*& end = ends_[static_cast<std::size_t>(slot)];
  lengths_[static_cast<std::size_t>(slot)] += static_cast<int>(tokens.size());
  std::erase(end->slots, slot);
  auto* const before = end;
  while (!tokens.empty()) {
    const bool is_leaf = end->children.empty() && end->slots.empty();
    if (is_leaf && end->parent != nullptr && end == before) {
      // The slot's own: it grows.
      end->tokens.insert(end->tokens.end(), tokens.begin(), tokens.end());
      break;
    }
    const auto found = end->children.find(tokens.front());
    if (found == end->children.end()) {
      auto node = std::make_unique<Node>();
      node->tokens.assign(tokens.begin(), tokens.end());
      node->parent = end;
      end = (end->children[tokens.front()] = std::move(node)).get();
      break;
    }
    auto& child = *found->second;
    const auto n = n_common(child.tokens, tokens);
    end = n < child.tokens.size() ? &split(child, n) : &child;
    tokens = tokens.subspan(n);
  }
  end_at(*end, slot);
}

void PrefixTree::truncate(int slot, int n_tokens) {
  auto*& end = ends_[static_cast<std::size_t>(slot)];
  auto& length = lengths_[static_cast<std::size_t>(slot)];
  auto* const before = end;
  std::erase(end->slots, slot);
  while (length > n_tokens) {
    const auto own = static_cast<int>(end->tokens.size());
    if (length - own >= n_tokens) {
      length -= own;
      end = end->parent;
      continue;
    }
    end = &split(*end, static_cast<std::size_t>(n_tokens - (length - own)));
    length = n_tokens;
  }
  end_at(*end, slot);
  remove_unused(before);
}

/// From `node` upwards, what no slot passes any more.
void PrefixTree::remove_unused(Node* node) {
  while (node->parent != nullptr && node->children.empty() &&
         node->slots.empty()) {
    auto* const parent = node->parent;
    parent->children.erase(node->tokens.front());
    node = parent;
  }
}

PrefixTree::Match PrefixTree::find(std::span<const Token> tokens) const {
  const Node* node = root_.get();
  Match match;
  while (!tokens.empty()) {
    const auto found = node->children.find(tokens.front());
    if (found == node->children.end()) {
      break;
    }
    node = found->second.get();
    const auto n = n_common(node->tokens, tokens);
    match.n_tokens += static_cast<int>(n);
    if (n < node->tokens.size()) {
      break;
    }
    tokens = tokens.subspan(n);
  }
  if (match.n_tokens == 0) {
    return {};
  }
  while (node->slots.empty()) { // whoever ends below holds it too
    node = node->children.begin()->second.get();
  }
  match.slot = node->slots.front();
  return match;
}

} // namespace lockstep::sched
