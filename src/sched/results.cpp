#include "sched/results.h"

#include <bit>
#include <cstddef>

#include "base/error.h"

namespace lockstep::sched {

namespace {

void put(std::vector<std::int32_t>& words, const TokenLogprob& entry) {
  words.push_back(entry.token);
  words.push_back(std::bit_cast<std::int32_t>(entry.logprob));
}

TokenLogprob get(std::span<const std::int32_t> words, std::size_t at) {
  return {words[at], std::bit_cast<float>(words[at + 1])};
}

} // namespace

std::vector<std::int32_t> encode_results(
    const Batch& batch, std::span<const Sampled> results) {
  std::vector<std::int32_t> words;
  words.reserve(static_cast<std::size_t>(n_result_words(batch)));
  std::size_t place = 0;
  for (const auto& row : batch.rows) {
    for (int i = 0; i < row.n_wanted; ++i, ++place) {
      const auto& result = results[place];
      put(words, result.chosen);
      for (int k = 0; k < row.n_top; ++k) {
        put(words, result.top[static_cast<std::size_t>(k)]);
      }
    }
  }
  return words;
}

std::vector<Sampled> decode_results(
    const Batch& batch, std::span<const std::int32_t> words) {
  if (words.size() != static_cast<std::size_t>(n_result_words(batch))) {
    fail(
        ErrorKind::diverged,
        "the last rank reported {} words on a batch that asks for {}",
        words.size(),
        n_result_words(batch));
  }
  std::vector<Sampled> results;
  std::size_t at = 0;
  for (const auto& row : batch.rows) {
    for (int i = 0; i < row.n_wanted; ++i) {
      auto& result = results.emplace_back();
      result.chosen = get(words, at);
      at += 2;
      for (int k = 0; k < row.n_top; ++k, at += 2) {
        result.top.push_back(get(words, at));
      }
    }
  }
  return results;
}

} // namespace lockstep::sched
