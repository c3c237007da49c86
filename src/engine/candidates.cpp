#include "engine/candidates.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lockstep::engine {

namespace {

double sum_of_weights(const Candidates& candidates) {
  double total = 0.0;
  for (const auto& c : candidates) {
    total += c.weight;
  }
  return total;
}

auto at(Candidates& candidates, std::size_t i) {
  return candidates.begin() + static_cast<std::ptrdiff_t>(i);
}

} // namespace

bool comes_first(const Candidate& a, const Candidate& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
}

void take_best(std::span<const float> logits, std::size_t n, Candidates& best) {
  // Whatever is larger than the n-th best so far is put beside them; when there
  // are as many again, the n best of all are kept. Ids grow, so that what is
  // equal to the n-th comes after it.
  const std::size_t most = 2 * n + 64;
  float nth = -std::numeric_limits<float>::infinity();
  best.clear();
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] > nth) {
      best.push_back({static_cast<Token>(i), logits[i], 0.0});
      if (best.size() == most) {
        std::nth_element(
            best.begin(), at(best, n - 1), best.end(), comes_first);
        best.resize(n);
        nth = best.back().logit;
      }
    }
  }
  if (n < best.size()) {
    std::nth_element(best.begin(), at(best, n), best.end(), comes_first);
    best.resize(n);
  }
  std::sort(best.begin(), best.end(), comes_first);
}

void take_from(std::span<const float> logits, float least, Candidates& all) {
  least = std::max(least, std::numeric_limits<float>::lowest());
  all.clear();
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] >= least) {
      all.push_back({static_cast<Token>(i), logits[i], 0.0});
    }
  }
}

double weigh(Candidates& candidates, float largest) {
  double total = 0.0;
  for (auto& c : candidates) {
    c.weight = std::exp(static_cast<double>(c.logit) - largest);
    total += c.weight;
  }
  return total;
}

void keep_typical(Candidates& candidates, double typical_p, double& total) {
  // Surprise is -log p; the largest logit has no part in its difference to the
  // entropy, so any logit may stand for log p.
  double mean_logit = 0.0;
  for (const auto& c : candidates) {
    mean_logit += c.weight / total * c.logit;
  }
  const auto distance = [&](const Candidate& c) {
    return std::abs(static_cast<double>(c.logit) - mean_logit);
  };
  std::sort(
      candidates.begin(), candidates.end(), [&](const auto& a, const auto& b) {
        const double x = distance(a);
        const double y = distance(b);
        return x != y ? x < y : comes_first(a, b);
      });
  double sum = 0.0;
  std::size_t n = 0;
  while (n < candidates.size() && sum <= typical_p * total) {
    sum += candidates[n++].weight;
  }
  candidates.resize(n);
  std::sort(candidates.begin(), candidates.end(), comes_first);
  total = sum;
}

void keep_top_p(Candidates& candidates, double top_p, double total) {
  double sum = 0.0;
  std::size_t n = 0;
  while (n < candidates.size() && (n == 0 || sum < top_p * total)) {
    sum += candidates[n++].weight;
  }
  candidates.resize(n);
}

void keep_min_p(Candidates& candidates, double min_p) {
  double largest = 0.0;
  for (const auto& c : candidates) {
    largest = std::max(largest, c.weight);
  }
  std::erase_if(candidates, [least = min_p * largest](const auto& c) {
    return c.weight < least;
  });
}

void drop_top_choices(Candidates& candidates, double threshold) {
  const double least = threshold * sum_of_weights(candidates);
  const auto is_top = [least](const auto& c) { return c.weight >= least; };
  const Candidate* last = nullptr;
  for (const auto& c : candidates) {
    if (is_top(c) && (last == nullptr || comes_first(*last, c))) {
      last = &c;
    }
  }
  if (last == nullptr) {
    return;
  }
  std::erase_if(candidates, [&, kept = last->token](const auto& c) {
    return is_top(c) && c.token != kept;
  });
}

Token draw(Candidates& candidates, double temperature, double random) {
  const auto by_id = [](const auto& a, const auto& b) {
    return a.token < b.token;
  };
  if (!std::is_sorted(candidates.begin(), candidates.end(), by_id)) {
    std::sort(candidates.begin(), candidates.end(), by_id);
  }
  float largest = candidates.front().logit;
  for (const auto& c : candidates) {
    largest = std::max(largest, c.logit);
  }
  for (auto& c : candidates) {
    c.weight = std::exp((static_cast<double>(c.logit) - largest) / temperature);
  }
  double rest = random * sum_of_weights(candidates);
  Token token = 0;
  for (const auto& c : candidates) {
    if (c.weight > 0.0) {
      token = c.token; // the last of these, should rounding leave a rest
      rest -= c.weight;
    }
    if (rest < 0.0) {
      break;
    }
  }
  return token;
}

} // namespace lockstep::engine
