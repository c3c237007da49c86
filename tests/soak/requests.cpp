#include "soak/requests.h"

#include <algorithm>
#include <array>
#include <random>
#include <vector>

namespace lockstep::testing {

namespace {

std::vector<Token> tokens_of(std::mt19937& random, int n) {
  std::vector<Token> tokens;
  tokens.reserve(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) {
    tokens.push_back(static_cast<Token>(random() % kSoakVocab));
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

} // namespace

sched::Request request_of(std::uint32_t seed, sched::RequestId id) {
  std::seed_seq all{seed, static_cast<std::uint32_t>(id)};
  std::mt19937 random(all);
  sched::Request request;
  request.id = id;
  if (random() % 2 == 0) {
    std::mt19937 shared(seed + random() % 4);
    request.prompt = tokens_of(shared, up_to(random, 64));
  }
  const int most = random() % 8 == 0 ? 150 : 20;
  const auto own = tokens_of(random, up_to(random, most));
  request.prompt.insert(request.prompt.end(), own.begin(), own.end());
  request.n_top = static_cast<int>(random() % 3);
  if (random() % 10 == 0 && request.prompt.size() > 1) {
    const auto last = static_cast<int>(request.prompt.size()) - 1;
    request.score_from = up_to(random, last);
    return request;
  }
  request.max_tokens = up_to(random, random() % 8 == 0 ? 40 : 12);
  auto& sampling = request.sampling;
  sampling.temperature = one_of(random, std::array{0.0F, 0.7F, 1.3F});
  sampling.top_k = one_of(random, std::array{0, 5, 40});
  sampling.top_p = one_of(random, std::array{1.0F, 0.9F});
  sampling.min_p = one_of(random, std::array{0.0F, 0.05F});
  sampling.seed = (std::uint64_t{random()} << 32) | random();
  return request;
}

} // namespace lockstep::testing
