#include "sched/sampling.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "base/error.h"

namespace lockstep::sched {

namespace {

constexpr int kMostWindow = 1 << 24; // tokens
constexpr int kFixedWords = 23;

template <class Number>
void check_number(
    std::string_view name, Number value, Number least, Number most) {
  // Written so that what is not a number is refused too.
  if (!(value >= least && value <= most)) {
    fail(
        ErrorKind::request,
        "{} is {}, expected a number from {} to {}",
        name,
        value,
        least,
        most);
  }
}

void check_size(std::string_view name, std::size_t size, int most) {
  if (size > static_cast<std::size_t>(most)) {
    fail(
        ErrorKind::request,
        "{} has {} entries, expected at most {}",
        name,
        size,
        most);
  }
}

void check_tokens(
    std::string_view name,
    const std::vector<Token>& tokens,
    int most,
    int vocab) {
  check_size(name, tokens.size(), most);
  for (const auto token : tokens) {
    check_number(name, token, 0, vocab - 1);
  }
}

bool bans(const LogitBias& entry) {
  return entry.bias == -std::numeric_limits<float>::infinity();
}

/// At every place one of the ids below `n_ids` must be left.
void check_some_allowed(const Sampling& sampling, int n_ids) {
  std::vector<Token> banned;
  for (const auto& entry : sampling.logit_bias) {
    if (bans(entry)) {
      banned.push_back(entry.token);
    }
  }
  if (sampling.min_tokens > 0) {
    banned.insert(
        banned.end(), sampling.stop_tokens.begin(), sampling.stop_tokens.end());
  }
  std::sort(banned.begin(), banned.end());
  banned.erase(std::unique(banned.begin(), banned.end()), banned.end());
  if (std::lower_bound(banned.begin(), banned.end(), n_ids) - banned.begin() >=
      n_ids) {
    fail(
        ErrorKind::request,
        "logit_bias and min_tokens leave none of the {} tokens to choose from",
        n_ids);
  }
}

void check_lists(const Sampling& sampling, int vocab, int n_ids) {
  constexpr float kMostBias = 1e6F;
  check_size("logit_bias", sampling.logit_bias.size(), kMostLogitBiases);
  for (const auto& entry : sampling.logit_bias) {
    check_number("a token of logit_bias", entry.token, 0, n_ids - 1);
    if (!bans(entry)) {
      check_number("a bias of logit_bias", entry.bias, -kMostBias, kMostBias);
    }
  }
  check_tokens("stop_tokens", sampling.stop_tokens, kMostStopTokens, vocab);
  check_tokens("dry_breakers", sampling.dry_breakers, kMostBreakers, n_ids);
  if (!std::is_sorted(
          sampling.dry_breakers.begin(), sampling.dry_breakers.end())) {
    fail(ErrorKind::request, "dry_breakers are not in ascending order");
  }
}

} // namespace

void check(const Sampling& sampling, int vocab) {
  check_number("vocab", sampling.vocab, 0, vocab);
  const int n_ids = sampling.vocab > 0 ? sampling.vocab : vocab;
  check_lists(sampling, vocab, n_ids);
  check_number("min_tokens", sampling.min_tokens, 0, kMostWindow);
  check_some_allowed(sampling, n_ids);
  check_number("repeat_penalty", sampling.repeat_penalty, 0.01F, 100.0F);
  check_number(
      "frequency_penalty", sampling.frequency_penalty, -100.0F, 100.0F);
  check_number("presence_penalty", sampling.presence_penalty, -100.0F, 100.0F);
  check_number("repeat_last_n", sampling.repeat_last_n, -1, kMostWindow);
  check_number("dry_multiplier", sampling.dry_multiplier, 0.0F, 1000.0F);
  check_number("dry_base", sampling.dry_base, 1.0F, 1000.0F);
  check_number("dry_allowed_length", sampling.dry_allowed_length, 1, 1 << 24);
  check_number("dry_last_n", sampling.dry_last_n, -1, kMostWindow);
  check_number("top_k", sampling.top_k, 0, 1 << 24);
  check_number("typical_p", sampling.typical_p, 0.0F, 1.0F);
  check_number("top_p", sampling.top_p, 0.0F, 1.0F);
  check_number("min_p", sampling.min_p, 0.0F, 1.0F);
  check_number("xtc_probability", sampling.xtc_probability, 0.0F, 1.0F);
  check_number("xtc_threshold", sampling.xtc_threshold, 0.0F, 1.0F);
  check_number("temperature", sampling.temperature, 0.0F, 100.0F);
  check_number("choice", sampling.choice, 0, kMostChoices - 1);
}

int sampling_words(const Sampling& sampling) {
  return kFixedWords + 2 * static_cast<int>(sampling.logit_bias.size()) +
         static_cast<int>(
             sampling.stop_tokens.size() + sampling.dry_breakers.size());
}

int most_sampling_words() {
  return kFixedWords + 2 * kMostLogitBiases + kMostStopTokens + kMostBreakers;
}

void put(WordWriter& out, const Sampling& sampling) {
  out.put(static_cast<std::int32_t>(sampling.logit_bias.size()));
  out.put(static_cast<std::int32_t>(sampling.stop_tokens.size()));
  out.put(static_cast<std::int32_t>(sampling.dry_breakers.size()));
  for (const auto& entry : sampling.logit_bias) {
    out.put(entry.token);
    out.put_float(entry.bias);
  }
  out.put_all(sampling.stop_tokens);
  out.put(sampling.min_tokens);
  out.put(sampling.vocab);
  out.put_float(sampling.repeat_penalty);
  out.put_float(sampling.frequency_penalty);
  out.put_float(sampling.presence_penalty);
  out.put(sampling.repeat_last_n);
  out.put_float(sampling.dry_multiplier);
  out.put_float(sampling.dry_base);
  out.put(sampling.dry_allowed_length);
  out.put(sampling.dry_last_n);
  out.put_all(sampling.dry_breakers);
  out.put(sampling.top_k);
  out.put_float(sampling.typical_p);
  out.put_float(sampling.top_p);
  out.put_float(sampling.min_p);
  out.put_float(sampling.xtc_probability);
  out.put_float(sampling.xtc_threshold);
  out.put_float(sampling.temperature);
  out.put64(sampling.seed);
  out.put(sampling.choice);
}

Sampling get_sampling(WordReader& in, int vocab) {
  Sampling sampling;
  const int n_biases = in.get("sampling.n_logit_bias", 0, kMostLogitBiases);
  const int n_stops = in.get("sampling.n_stop_tokens", 0, kMostStopTokens);
  const int n_breakers = in.get("sampling.n_dry_breakers", 0, kMostBreakers);
  for (int i = 0; i < n_biases; ++i) {
    const Token token = in.get();
    sampling.logit_bias.push_back({token, in.get_float()});
  }
  sampling.stop_tokens = in.get_all(n_stops);
  sampling.min_tokens = in.get();
  sampling.vocab = in.get();
  sampling.repeat_penalty = in.get_float();
  sampling.frequency_penalty = in.get_float();
  sampling.presence_penalty = in.get_float();
  sampling.repeat_last_n = in.get();
  sampling.dry_multiplier = in.get_float();
  sampling.dry_base = in.get_float();
  sampling.dry_allowed_length = in.get();
  sampling.dry_last_n = in.get();
  sampling.dry_breakers = in.get_all(n_breakers);
  sampling.top_k = in.get();
  sampling.typical_p = in.get_float();
  sampling.top_p = in.get_float();
  sampling.min_p = in.get_float();
  sampling.xtc_probability = in.get_float();
  sampling.xtc_threshold = in.get_float();
  sampling.temperature = in.get_float();
  sampling.seed = in.get64();
  sampling.choice = in.get();
  try {
    check(sampling, vocab);
  } catch (const Error& e) {
    fail(ErrorKind::diverged, "header: sampling: {}", e.what());
  }
  return sampling;
}

} // namespace lockstep::sched
