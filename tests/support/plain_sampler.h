#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <span>
#include <vector>

#include "engine/random.h"
#include "sched/sampling.h"

namespace lockstep::testing {

/// A sampler that takes every step over all tokens, sorts whenever it needs an
/// order and knows no short cut: slow, and easy to hold against
/// docs/sampling.md. Double precision throughout.
class PlainSampler {
 public:
  PlainSampler(
      std::span<const float> logits,
      const sched::Sampling& sampling,
      std::span<const Token> before,
      int index)
      : sampling_(sampling), index_(index) {
    for (const float logit : logits) {
      left_.push_back({static_cast<Token>(left_.size()), logit, 0.0});
    }
    const auto n_ids = sampling.vocab > 0
                           ? static_cast<std::size_t>(sampling.vocab)
                           : logits.size();
    bias();
    penalize(last(before, sampling.repeat_last_n));
    dry(last(before, sampling.dry_last_n));
    left_.resize(n_ids);
    std::erase_if(left_, [](const Entry& e) { return e.logit == kNever; });
    sort(by_logit);
  }

  Token choose() {
    if (sampling_.temperature == 0.0F) {
      return left_.front().token;
    }
    if (sampling_.top_k > 0) {
      keep(static_cast<std::size_t>(sampling_.top_k));
    }
    typical();
    top_p();
    min_p();
    xtc();
    for (auto& e : left_) {
      e.logit /= sampling_.temperature;
    }
    sort([](auto& a, auto& b) { return a.token < b.token; });
    softmax();
    double rest = random(0);
    for (const auto& e : left_) {
      rest -= e.p;
      if (rest < 0.0) {
        return e.token;
      }
    }
    return left_.back().token;
  }

  /// In its order of likelihood.
  std::vector<Token> tokens() const {
    std::vector<Token> tokens;
    for (const auto& e : left_) {
      tokens.push_back(e.token);
    }
    return tokens;
  }

 private:
  struct Entry {
    Token token;
    double logit;
    double p;
  };
  static constexpr double kNever = -std::numeric_limits<double>::infinity();

  static bool by_logit(const Entry& a, const Entry& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
  }
  static std::span<const Token> last(std::span<const Token> tokens, int n) {
    return n < 0 || static_cast<std::size_t>(n) > tokens.size()
               ? tokens
               : tokens.last(static_cast<std::size_t>(n));
  }

  template <class Order>
  void sort(Order order) {
    std::sort(left_.begin(), left_.end(), order);
  }
  void keep(std::size_t n) { left_.resize(std::min(n, left_.size())); }
  Entry& at(Token token) { return left_[static_cast<std::size_t>(token)]; }
  double random(int draw) const {
    return engine::random_uniform(
        sampling_.seed, sampling_.choice, index_, draw);
  }

  void softmax() {
    double sum = 0.0;
    double largest = kNever;
    for (const auto& e : left_) {
      largest = std::max(largest, e.logit);
    }
    for (auto& e : left_) {
      e.p = std::exp(e.logit - largest);
      sum += e.p;
    }
    for (auto& e : left_) {
      e.p /= sum;
    }
  }

  void bias() {
    for (const auto& entry : sampling_.logit_bias) {
      at(entry.token).logit += entry.bias;
    }
    for (const auto token : sampling_.stop_tokens) {
      if (index_ < sampling_.min_tokens) {
        at(token).logit = kNever;
      }
    }
  }

  void penalize(std::span<const Token> window) {
    std::map<Token, int> counts;
    for (const auto token : window) {
      ++counts[token];
    }
    for (const auto& [token, count] : counts) {
      auto& logit = at(token).logit;
      logit = logit > 0.0 ? logit / sampling_.repeat_penalty
                          : logit * sampling_.repeat_penalty;
      logit -= count * static_cast<double>(sampling_.frequency_penalty);
      logit -= sampling_.presence_penalty;
    }
  }

  bool breaks(Token token) const {
    const auto& breakers = sampling_.dry_breakers;
    return std::count(breakers.begin(), breakers.end(), token) > 0;
  }

  void dry(std::span<const Token> window) {
    std::map<Token, std::size_t> longest;
    for (std::size_t next = 1; next < window.size(); ++next) {
      std::size_t n = 0;
      while (n < next) {
        const Token token = window[window.size() - 1 - n];
        if (window[next - 1 - n] != token || breaks(token)) {
          break;
        }
        ++n;
      }
      auto& most = longest[window[next]];
      most = std::max(most, n);
    }
    for (const auto& [token, n] : longest) {
      const int over = static_cast<int>(n) - sampling_.dry_allowed_length;
      if (over >= 0 && !breaks(token)) {
        at(token).logit -=
            sampling_.dry_multiplier *
            std::pow(static_cast<double>(sampling_.dry_base), over);
      }
    }
  }

  void typical() {
    if (sampling_.typical_p >= 1.0F) {
      return;
    }
    softmax();
    double entropy = 0.0;
    for (const auto& e : left_) {
      entropy -= e.p * std::log(e.p);
    }
    std::stable_sort(left_.begin(), left_.end(), [&](auto& a, auto& b) {
      return std::abs(-std::log(a.p) - entropy) <
             std::abs(-std::log(b.p) - entropy);
    });
    double sum = 0.0;
    std::size_t n = 0;
    while (n < left_.size() && sum <= sampling_.typical_p) {
      sum += left_[n++].p;
    }
    keep(n);
    sort(by_logit);
  }

  void top_p() {
    softmax();
    double sum = 0.0;
    std::size_t n = 0;
    while (sampling_.top_p < 1.0F && n < left_.size() &&
           (n == 0 || sum < sampling_.top_p)) {
      sum += left_[n++].p;
    }
    keep(n == 0 ? left_.size() : n);
  }

  void min_p() {
    softmax();
    const double least = left_.front().p * sampling_.min_p;
    std::erase_if(left_, [least](const Entry& e) { return e.p < least; });
  }

  void xtc() {
    if (sampling_.xtc_probability == 0.0F ||
        random(1) >= sampling_.xtc_probability) {
      return;
    }
    softmax();
    std::size_t n_top = 0;
    while (n_top < left_.size() && left_[n_top].p >= sampling_.xtc_threshold) {
      ++n_top;
    }
    if (n_top > 1) {
      left_.erase(
          left_.begin(),
          left_.begin() + static_cast<std::ptrdiff_t>(n_top - 1));
    }
  }

  const sched::Sampling& sampling_;
  int index_;
  std::vector<Entry> left_;
};

} // namespace lockstep::testing
