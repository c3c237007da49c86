#include "soak/requests.h"

#include <algorithm>
#include <array>
#include <random>
#include <vector>

namespace lockstep::testing {

namespace {

constexpr Token kSweeping = kSoakVocab - 1; // in no prompt but the sweeping one
constexpr int kMostAnswer = 40;
constexpr std::size_t kMostPrompt = kSoakContext - kMostAnswer;

std::vector<Token> tokens_of(std::mt19937& random, int n) {
  std::vector<Token> tokens;
  tokens.reserve(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) {
    tokens.push_back(static_cast<Token>(random() % kSweeping));
  }
  return tokens;
}

int up_to(std::mt19937& random, int most) {
  return 1 + static_cast<int>(random() % static_cast<unsigned>(most));
}

template <class Value, std::size_t n>
Value one_of(std::mt19937& random, const std::array<Value, n>& values) {
  return values[random() % n];
}

/// Half of all prompts begin like some others, an eighth goes on after a whole
/// other prompt of late, and as many again are one once more.
std::vector<Token> prompt_of(
    std::uint32_t seed, sched::RequestId id, std::mt19937& random) {
  std::vector<Token> prompt;
  const auto like = random() % 8;
  if (like < 4) {
    std::mt19937 shared(seed + random() % 4);
    prompt = tokens_of(shared, up_to(random, 64));
  } else if (like < 6 && id > 0) {
    const int back =
        up_to(random, static_cast<int>(std::min<sched::RequestId>(id, 8)));
    prompt = request_of(seed, id - back).prompt;
    if (like == 4) {
      return prompt;
    }
  }
  const int most = random() % 8 == 0 ? 150 : 20;
  const auto own = tokens_of(random, up_to(random, most));
  prompt.insert(prompt.end(), own.begin(), own.end());
  prompt.resize(std::min(prompt.size(), kMostPrompt));
  return prompt;
}

} // namespace

sched::Request request_of(std::uint32_t seed, sched::RequestId id) {
  std::seed_seq all{seed, static_cast<std::uint32_t>(id)};
  std::mt19937 random(all);
  sched::Request request;
  request.id = id;
  request.prompt = prompt_of(seed, id, random);
  request.n_top = static_cast<int>(random() % 3);
  if (random() % 10 == 0 && request.prompt.size() > 1) {
    const auto last = static_cast<int>(request.prompt.size()) - 1;
    request.score_from = up_to(random, last);
    return request;
  }
  request.max_tokens = up_to(random, random() % 8 == 0 ? kMostAnswer : 12);
  auto& sampling = request.sampling;
  sampling.temperature = one_of(random, std::array{0.0F, 0.7F, 1.3F});
  sampling.top_k = one_of(random, std::array{0, 5, 40});
  sampling.top_p = one_of(random, std::array{1.0F, 0.9F});
  sampling.min_p = one_of(random, std::array{0.0F, 0.05F});
  sampling.repeat_penalty = one_of(random, std::array{1.0F, 1.2F});
  sampling.xtc_probability = one_of(random, std::array{0.0F, 0.5F});
  sampling.seed = (std::uint64_t{random()} << 32) | random();
  sampling.choice = static_cast<int>(random() % 3);
  return request;
}

sched::Request sweeping_request() {
  sched::Request request;
  request.id = -1;
  request.prompt.assign(kSoakContext - 1, kSweeping);
  request.max_tokens = 1;
  return request;
}

} // namespace lockstep::testing
