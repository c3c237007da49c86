#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/command_line.h"
#include "checkpoint/config.h"
#include "sched/sampling.h"
#include "text/tokenizer.h"

namespace lockstep::app {

/// How tokens are to be chosen, as the user says it; docs/sampling.md.
struct SamplingOptions {
  sched::Sampling sampling;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> biases;                         // ID±BIAS
  std::vector<std::string> breakers{"\n", ":", "\"", "*"}; // of DRY
  bool ignore_eos = false;
};

void add_sampling_options(Command& command, SamplingOptions& options);

/// Refuses what no model could make right. Throws Error{usage}, Error{request}.
void check(const SamplingOptions& options);

/// What the options mean for a model; without a seed a random one.
sched::Sampling sampling_of(
    const SamplingOptions& options,
    const checkpoint::ModelConfig& config,
    const text::Tokenizer& tokenizer);

} // namespace lockstep::app
