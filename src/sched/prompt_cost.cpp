#include "sched/prompt_cost.h"

#include <algorithm>
#include <cstddef>

namespace lockstep::sched {

namespace {

constexpr double kKept = 0.97; // weight of all before, at each measurement
// Terms in units that make their costs alike, so that one small number can hold
// back what measurements do not tell apart.
constexpr double kPlaces = 256.0;
constexpr double kHeldBack = 1e-3;

} // namespace

PromptCost::Terms PromptCost::terms_of(const PromptLoad& load) {
  return {
      static_cast<double>(load.tokens),
      load.places / kPlaces,
      load.pairs / kPlaces};
}

void PromptCost::record(const PromptLoad& load, double microseconds) {
  const auto terms = terms_of(load);
  // Relative errors count: a chunk of few tokens as much as a long one.
  const double weight = 1.0 / std::max(1.0, microseconds * microseconds);
  for (std::size_t i = 0; i < kTerms; ++i) {
    for (std::size_t k = 0; k < kTerms; ++k) {
      products_[i][k] = kKept * products_[i][k] + weight * terms[i] * terms[k];
    }
    moments_[i] = kKept * moments_[i] + weight * terms[i] * microseconds;
  }
  fit();
  known_ = true;
}

/// Costs that are not negative, by turns: of each term what the others leave.
/// Lawson and Hanson, "Solving Least Squares Problems" (1974), chapter 23, has
/// the problem; so few terms need no more than coordinate descent.
void PromptCost::fit() {
  constexpr int kRounds = 20;
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < kTerms; ++i) {
      double left = moments_[i];
      for (std::size_t k = 0; k < kTerms; ++k) {
        left -= k == i ? 0.0 : products_[i][k] * costs_[k];
      }
      const double own = products_[i][i] * (1.0 + kHeldBack);
      costs_[i] = own > 0.0 ? std::max(0.0, left / own) : 0.0;
    }
  }
}

double PromptCost::of(const PromptLoad& load) const {
  const auto terms = terms_of(load);
  double sum = 0.0;
  for (std::size_t i = 0; i < kTerms; ++i) {
    sum += costs_[i] * terms[i];
  }
  return sum;
}

} // namespace lockstep::sched
