#pragma once

#include <array>

namespace lockstep::sched {

/// Prompt rows of a batch, as far as their cost goes.
struct PromptLoad {
  int tokens = 0;
  double places = 0.0; // that stand before each row, of all rows
  double pairs = 0.0;  // each row's tokens times the places before it

  void add(int n_tokens, int offset) {
    tokens += n_tokens;
    places += offset;
    pairs += static_cast<double>(n_tokens) * offset;
  }
};

/// What prompts cost one stage, learnt from what it measured: so much for each
/// token (the weights), for each place that stands before (reading keys and
/// values) and for each pair of both (attention). A least-squares fit in which
/// older measurements count less and less; Ljung, "System Identification"
/// (1999), section 11.2.
class PromptCost {
 public:
  void record(const PromptLoad& load, double microseconds);
  bool known() const { return known_; }
  /// Microseconds, at least 0.
  double of(const PromptLoad& load) const;

 private:
  static constexpr int kTerms = 3;
  using Terms = std::array<double, kTerms>;

  static Terms terms_of(const PromptLoad& load);
  void fit();

  std::array<Terms, kTerms> products_{}; // of the terms with each other
  Terms moments_{};                      // of the terms with the times
  Terms costs_{};                        // of each term
  bool known_ = false;
};

} // namespace lockstep::sched
