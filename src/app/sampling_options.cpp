#include "app/sampling_options.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <random>
#include <string_view>

#include "base/error.h"

namespace lockstep::app {

namespace {

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

sched::LogitBias parse_bias(const std::string& text) {
  sched::LogitBias bias;
  const char* end = text.data() + text.size();
  const auto [sign, error] = std::from_chars(text.data(), end, bias.token);
  char* rest = nullptr;
  if (error == std::errc{} && sign + 1 < end &&
      (*sign == '+' || *sign == '-') &&
      (sign[1] == '.' || sign[1] == 'i' ||
       (sign[1] >= '0' && sign[1] <= '9'))) {
    bias.bias = std::strtof(sign, &rest);
  }
  if (rest != end) {
    fail(
        ErrorKind::usage,
        "--logit-bias is \"{}\", expected ID+BIAS or ID-BIAS, such as 15043-1 "
        "or "
        "15043-inf",
        text);
  }
  return bias;
}

std::vector<sched::LogitBias> parse_biases(
    const std::vector<std::string>& texts) {
  std::vector<sched::LogitBias> biases;
  biases.reserve(texts.size());
  for (const auto& text : texts) {
    biases.push_back(parse_bias(text));
  }
  return biases;
}

/// The tokens whose text has one of `breakers` in it.
std::vector<Token> tokens_with(
    const std::vector<std::string>& breakers,
    int n_ids,
    const text::Tokenizer& tokenizer) {
  std::vector<Token> tokens;
  for (Token token = 0; token < n_ids; ++token) {
    const auto text = tokenizer.decode({token}, false);
    if (std::any_of(breakers.begin(), breakers.end(), [&](const auto& breaker) {
          return text.find(breaker) != std::string::npos;
        })) {
      tokens.push_back(token);
    }
  }
  return tokens;
}

bool is_none(const std::vector<std::string>& breakers) {
  return breakers.size() == 1 && breakers.front() == "none";
}

void add_truncation_options(Command& command, sched::Sampling& s) {
  command.value("--top-k", "K", s.top_k, "of the K likeliest, 0 = all (40)");
  command.value(
      "--typical-p,--typical",
      "P",
      s.typical_p,
      "the most typical that together have P, 1 = all (1)");
  command.value("--top-p", "P", s.top_p, "the likeliest that reach P (0.95)");
  command.value(
      "--min-p", "P", s.min_p, "at least P times the likeliest (0.05)");
  command.value(
      "--xtc-probability",
      "P",
      s.xtc_probability,
      "how often top choices are excluded (0)");
  command.value(
      "--xtc-threshold", "P", s.xtc_threshold, "what a top choice has (0.1)");
}

void add_penalty_options(Command& command, SamplingOptions& options) {
  auto& s = options.sampling;
  command.value(
      "--repeat-penalty", "X", s.repeat_penalty, "of what was said, 1 = none");
  command.value(
      "--frequency-penalty",
      "X",
      s.frequency_penalty,
      "for each time it was said (0)");
  command.value(
      "--presence-penalty", "X", s.presence_penalty, "if it was said (0)");
  command.value(
      "--repeat-last-n",
      "N",
      s.repeat_last_n,
      "tokens that these look at, -1 = all (64)");
  command.value(
      "--dry-multiplier",
      "X",
      s.dry_multiplier,
      "of what repeats a phrase, 0 = none");
  command.value("--dry-base", "X", s.dry_base, "growth by its length (1.75)");
  command.value(
      "--dry-allowed-length",
      "N",
      s.dry_allowed_length,
      "tokens that may repeat (2)");
  command.value(
      "--dry-penalty-last-n",
      "N",
      s.dry_last_n,
      "tokens that it looks at, -1 = all (-1)");
  command.values(
      "--dry-sequence-breaker",
      "TEXT",
      options.breakers,
      "ends a phrase, or none (newline : \" *); several times");
}

} // namespace

void add_sampling_options(Command& command, SamplingOptions& options) {
  auto& s = options.sampling;
  command.group("Sampling (docs/sampling.md)");
  command.value(
      "--temperature,--temp",
      "X",
      s.temperature,
      "0 = always the likeliest token (0.8)");
  add_truncation_options(command, s);
  add_penalty_options(command, options);
  command.values(
      "--logit-bias",
      "ID+X",
      options.biases,
      "or ID-X: add to a token's logit; several times");
  command.value(
      "--min-tokens", "N", s.min_tokens, "no end before so many tokens (0)");
  command.flag("--ignore-eos", options.ignore_eos, "never choose an end token");
  command.value("--seed", "N", options.seed, "the same seed, the same text");
  command.group("Options");
}

void check(const SamplingOptions& options) {
  auto sampling = options.sampling;
  sampling.logit_bias = parse_biases(options.biases);
  check(sampling);
  if (std::any_of(
          options.breakers.begin(), options.breakers.end(), [](const auto& b) {
            return b.empty();
          })) {
    fail(
        ErrorKind::usage,
        "--dry-sequence-breaker is empty, expected a text or none");
  }
}

sched::Sampling sampling_of(
    const SamplingOptions& options,
    const checkpoint::ModelConfig& config,
    const text::Tokenizer& tokenizer) {
  auto sampling = options.sampling;
  sampling.seed = options.seed.value_or(random_seed());
  sampling.vocab = std::min(config.vocab, tokenizer.vocab());
  sampling.logit_bias = parse_biases(options.biases);
  for (const auto token : config.eos_tokens) {
    if (token < 0 || token >= sampling.vocab) {
      continue; // never chosen in any case
    }
    if (options.ignore_eos) {
      sampling.logit_bias.push_back(
          {token, -std::numeric_limits<float>::infinity()});
    } else {
      sampling.stop_tokens.push_back(token);
    }
  }
  if (sampling.dry_multiplier > 0.0F && !is_none(options.breakers)) {
    sampling.dry_breakers =
        tokens_with(options.breakers, sampling.vocab, tokenizer);
  }
  return sampling;
}

} // namespace lockstep::app
