#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/types.h"

namespace lockstep::engine {

/// A token that may be chosen.
struct Candidate {
  Token token = 0;
  float logit = 0.0F;
  double weight = 0.0; // proportional to its probability at temperature 1
};

using Candidates = std::vector<Candidate>;

/// Likelier first, among equals the smaller id.
bool comes_first(const Candidate& a, const Candidate& b);

/// Puts the n likeliest tokens into `best`, best first, without weights. In one
/// pass over `logits` [vocab]; those of -infinity are left out.
void take_best(std::span<const float> logits, std::size_t n, Candidates& best);

/// Puts the tokens with logits of at least `least` into `all`, by id, without
/// weights; those of -infinity are left out.
void take_from(std::span<const float> logits, float least, Candidates& all);

/// Sets weights to exp(logit - largest) and returns their sum.
double weigh(Candidates& candidates, float largest);

/// Keeps those whose surprise is nearest to the distribution's entropy, as many
/// as together have more than the share `typical_p`: Meister et al., "Locally
/// Typical Sampling" (2022). Needs all the weights and orders them anew, best
/// first. `total`: the sum of weights, of what is left after.
void keep_typical(Candidates& candidates, double typical_p, double& total);

/// Keeps the likeliest that together reach the share `top_p` of `total`; at
/// least one. Needs them best first.
void keep_top_p(Candidates& candidates, double top_p, double total);

/// Keeps those that have at least `min_p` times the weight of the likeliest.
void keep_min_p(Candidates& candidates, double min_p);

/// "Exclude top choices" (p-e-w, text-generation-webui, 2024): of those that
/// have at least the share `threshold` of all weights, only the least likely
/// stays.
void drop_top_choices(Candidates& candidates, double threshold);

/// One of them, with probabilities at this temperature: that at the share
/// `random`, in [0, 1), of all in the order of ids.
Token draw(Candidates& candidates, double temperature, double random);

} // namespace lockstep::engine
