#pragma once

#include <cstddef>
#include <vector>

#include "sched/request.h"
#include "support/tiny_model.h"

namespace lockstep::testing {

/// Some prompt of so many tokens, and an answer of so many.
inline sched::Request request_of(int prompt, int answer) {
  sched::Request request;
  for (int i = 0; i < prompt; ++i) {
    request.prompt.push_back((i * 37 + 11) % 101);
  }
  request.max_tokens = answer;
  request.n_top = 5;
  request.sampling.seed = 99;
  return request;
}

inline bool same_bits(
    const std::vector<sched::Sampled>& a,
    const std::vector<sched::Sampled>& b) {
  bool same = a.size() == b.size();
  for (std::size_t i = 0; same && i < a.size(); ++i) {
    same = a[i].chosen.token == b[i].chosen.token &&
           a[i].chosen.logprob == b[i].chosen.logprob;
    for (std::size_t k = 0; same && k < a[i].top.size(); ++k) {
      same = a[i].top[k].token == b[i].top[k].token &&
             a[i].top[k].logprob == b[i].top[k].logprob;
    }
  }
  return same;
}

/// Plain, tied, with biases, quantized, with scaled wavelengths.
inline std::vector<TinyModelOptions> kinds_of_models() {
  TinyModelOptions plain;
  TinyModelOptions tied;
  tied.tied = true;
  tied.n_kv_heads = 1;
  TinyModelOptions biased;
  biased.biases = true;
  biased.n_kv_heads = 4;
  TinyModelOptions quantized;
  quantized.quantized = true;
  quantized.tied = true;
  TinyModelOptions scaled;
  scaled.rope_scaling = {
      {"rope_type", "llama3"},
      {"factor", 8.0},
      {"low_freq_factor", 1.0},
      {"high_freq_factor", 4.0},
      {"original_max_position_embeddings", 64}};
  return {plain, tied, biased, quantized, scaled};
}

} // namespace lockstep::testing
