#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sched/batch.h"
#include "sched/request.h"

namespace lockstep::sched {

/// A request that has a slot, and how far it has come.
struct Sequence {
  std::uint64_t serial = 0; // unlike request.id never used twice
  Request request;
  int slot = 0;
  int n_entered = 0; // tokens that have entered the pipeline, reused ones too
  int n_reused = 0;  // tokens that the slot began with
  int n_sampled = 0; // tokens of the answer
  std::optional<Token> ready;    // sampled, not yet entered
  std::uint64_t ready_since = 0; // tick

  /// Tokens of the prompt that enter.
  int n_input() const;
  int prompt_left() const { // of them, still to enter
    return n_entered < n_input() ? n_input() - n_entered : 0;
  }
  /// It is past its prompt and answers, one token after the other.
  bool decodes() const { return n_entered >= n_input(); }

  Row prompt_row(int n_tokens) const; // of the next so many prompt tokens
  Row token_row() const;              // of the token that is ready
};

/// Books what the last rank said, at tick `tick`, of the wanted places of one
/// row: adds to `events`, and tells whether the sequence ends with it.
bool book(
    Sequence& sequence,
    const Row& row,
    std::span<const Sampled> results,
    std::uint64_t tick,
    std::vector<TokenEvent>& events);

} // namespace lockstep::sched
