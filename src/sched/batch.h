#pragma once

#include <vector>

#include "base/types.h"

namespace lockstep::sched {

/// One sequence's share of a batch: `n_tokens` tokens that go to the places
/// `offset`, `offset + 1`, … of cache slot `slot`.
struct Row {
  int slot = 0;
  int offset = 0;
  int n_tokens = 0; // at least 1
  int n_wanted = 0; // at its last n_wanted places something is wanted
  int n_top = 0;    // best tokens to report at each wanted place
  /// The wanted places are scored, not sampled: what is wanted is the
  /// log-probability of the token that follows in the text.
  bool scored = false;
  Token next = -1; // scored: the token after the row's last
  int index = 0;   // sampled: place of the wanted token in its answer
  bool operator==(const Row&) const = default;
};

/// What enters the pipeline at one tick; the same meaning on every rank.
struct Batch {
  std::vector<Row> rows;
  std::vector<Token> tokens; // of all rows, one after the other

  int n_tokens() const { return static_cast<int>(tokens.size()); }
  bool empty() const { return rows.empty(); }
  bool operator==(const Batch&) const = default;
};

/// Number of int32 words in which the last rank reports on a batch: for each
/// wanted place the token, its log-probability, and n_top such pairs.
int n_result_words(const Batch& batch);

} // namespace lockstep::sched
