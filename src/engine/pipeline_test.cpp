#include "engine/pipeline.h"

#include <cmath>
#include <map>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"
#include "sched/scheduler.h"
#include "support/random_sampling.h"
#include "support/tiny_model.h"
#include "support/tiny_world.h"

namespace lockstep::engine {

namespace {

using testing::Kind;
using testing::TinyModel;
using testing::TinyModelOptions;
using World = testing::TinyWorld;

sched::Request request_of(int prompt, int answer) {
  sched::Request request;
  for (int i = 0; i < prompt; ++i) {
    request.prompt.push_back((i * 37 + 11) % 101);
  }
  request.max_tokens = answer;
  request.n_top = 5;
  request.sampling.seed = 99;
  return request;
}

bool same_bits(
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

std::vector<TinyModelOptions> kinds_of_models() {
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

} // namespace

TEST_CASE("2, 3 and 4 stages give the bits of one") {
  // Seen to fail with: hidden states rounded to half precision on their way.
  for (const auto& options : kinds_of_models()) {
    const TinyModel model(options);
    for (const auto kind : {Kind::kernels, Kind::mlx}) {
      const auto whole = World(model, 1, 16, kind).run(request_of(50, 20));
      REQUIRE(whole.size() == 20);
      for (const int n_ranks : {2, 3, 4}) {
        World world(model, n_ranks, 16, kind);
        CHECK(same_bits(whole, world.run(request_of(50, 20))));
      }
    }
  }
}

TEST_CASE("in a crowd everyone gets the bits that they get alone") {
  // Seen to fail with: one slot's cache for all; the random numbers' stream by
  // slot instead of by choice; one history for all slots.
  const TinyModel model(kinds_of_models()[3]);
  std::map<sched::RequestId, sched::Request> requests;
  std::map<sched::RequestId, std::vector<sched::Sampled>> alone;
  std::mt19937 random(4);
  for (sched::RequestId id = 1; id <= 7; ++id) {
    const int i = static_cast<int>(id);
    auto request = request_of(5 + 17 * i % 60, 8 + 5 * i % 13);
    request.id = id;
    request.prompt.front() = static_cast<Token>(id);
    request.sampling = testing::random_sampling(random, 101);
    request.sampling.min_tokens = 4;
    requests[id] = request;
    alone[id] = World(model, 1, 64).run(request);
  }
  for (const int n_ranks : {1, 2, 3}) {
    World world(model, n_ranks, 16, Kind::kernels, 4);
    std::map<sched::RequestId, std::vector<sched::Sampled>> crowded;
    auto next = requests.begin();
    for (int tick = 0; next != requests.end() || !world.idle(); ++tick) {
      if (tick % 3 == 0 && next != requests.end()) {
        world.add((next++)->second);
      }
      for (auto& event : world.tick()) {
        crowded[event.id].push_back(std::move(event.sampled));
      }
    }
    for (const auto& [id, request] : requests) {
      CAPTURE(n_ranks);
      CAPTURE(id);
      CHECK(same_bits(alone[id], crowded[id]));
    }
  }
}

TEST_CASE("a prompt read in one piece or token by token is the same prompt") {
  // Seen to fail with: no causal mask in a chunk; rope's offset forced to 0.
  for (const auto& options : kinds_of_models()) {
    const TinyModel model(options);
    CHECK(same_bits(
        World(model, 1, 64).run(request_of(40, 6)),
        World(model, 2, 1).run(request_of(40, 6))));
    const auto whole = World(model, 1, 64, Kind::mlx).run(request_of(40, 6));
    const auto single = World(model, 2, 1, Kind::mlx).run(request_of(40, 6));
    REQUIRE(whole.size() == single.size());
    for (std::size_t i = 0; i < whole.size(); ++i) {
      CHECK(whole[i].chosen.token == single[i].chosen.token);
      CHECK(
          whole[i].chosen.logprob ==
          doctest::Approx(single[i].chosen.logprob).epsilon(1e-3));
    }
  }
}

TEST_CASE("our kernels and MLX's compute the same model") {
  // Seen to fail with: keys and values exchanged; a norm left out.
  for (const auto& options : kinds_of_models()) {
    const TinyModel model(options);
    auto request = request_of(60, 0);
    request.score_from = 1;
    const auto ours = World(model, 1, 32).run(request);
    const auto theirs = World(model, 1, 32, Kind::mlx).run(request);
    REQUIRE(ours.size() == theirs.size());
    for (std::size_t i = 0; i < ours.size(); ++i) {
      CHECK(std::abs(ours[i].chosen.logprob - theirs[i].chosen.logprob) < 0.5F);
    }
  }
}

TEST_CASE("scores of a text are the log-probabilities of generating it") {
  // Seen to fail with: the score of a place read from the place before.
  const TinyModel model(TinyModelOptions{});
  auto request = request_of(30, 12);
  const auto answer = World(model, 2, 8).run(request);
  for (const auto& sampled : answer) {
    request.prompt.push_back(sampled.chosen.token);
  }
  request.max_tokens = 0;
  request.score_from = 30;
  const auto scores = World(model, 3, 8).run(request);
  REQUIRE(scores.size() == answer.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    CHECK(scores[i].chosen.token == answer[i].chosen.token);
    CHECK(
        scores[i].chosen.logprob ==
        doctest::Approx(answer[i].chosen.logprob).epsilon(1e-3));
  }
}

TEST_CASE("the sampler looks back at prompt and answer, all of them") {
  // Seen to fail with: the tokens of a row remembered after it was sampled.
  const TinyModel model(TinyModelOptions{});
  auto request = request_of(30, 60);
  request.sampling.temperature = 0.0F;
  request.sampling.presence_penalty = 100.0F;
  request.sampling.repeat_last_n = -1;
  for (const int n_ranks : {1, 3}) {
    std::set<Token> said(request.prompt.begin(), request.prompt.end());
    CHECK(said.size() == 30);
    for (const auto& result : World(model, n_ranks, 7).run(request)) {
      CHECK(said.insert(result.chosen.token).second);
    }
    CHECK(said.size() == 90);
  }
}

TEST_CASE("requests one after another do not see each other") {
  // Seen to fail with: a slot that keeps its request when it is opened again.
  const TinyModel model(TinyModelOptions{});
  World world(model, 3, 8);
  const auto first = world.run(request_of(20, 9));
  auto other = request_of(33, 5);
  other.sampling.seed = 5;
  CHECK(same_bits(World(model, 1, 8).run(other), world.run(other)));
  CHECK(same_bits(first, world.run(request_of(20, 9))));
}

TEST_CASE("what begins like another goes on behind it with the same bits") {
  // Seen to fail with: the last, partly filled page not copied; the whole
  // prompt taken over, so that nothing is left to sample from.
  const TinyModel model(kinds_of_models()[3]);
  for (const int n_ranks : {1, 3}) {
    World world(model, n_ranks, 64, Kind::kernels, 2);
    const auto alone = [&](const sched::Request& request) {
      return World(model, n_ranks, 64).run(request);
    };
    auto first = request_of(290, 20);
    const auto answer = world.run(first);
    CHECK(world.n_reused == 0);
    auto second = first; // a second turn: the slot goes on
    for (const auto& sampled : answer) {
      second.prompt.push_back(sampled.chosen.token);
    }
    second.prompt.insert(second.prompt.end(), {5, 6, 7});
    CHECK(same_bits(world.run(second), alone(second)));
    CHECK(world.n_reused == 309);
    // The first once more, then parts of it: others' pages, shared.
    CHECK(same_bits(world.run(first), alone(first)));
    CHECK(world.n_reused == 289);
    for (const int n_common : {270, 40}) {
      auto other = first;
      other.prompt.resize(static_cast<std::size_t>(n_common));
      other.prompt.insert(other.prompt.end(), 30, 3);
      CHECK(same_bits(world.run(other), alone(other)));
      CHECK(world.n_reused == n_common);
    }
    CHECK(same_bits(world.run(second), alone(second)));
    auto scored = first;
    scored.max_tokens = 0;
    scored.score_from = 200;
    CHECK(same_bits(world.run(scored), alone(scored)));
    CHECK(world.n_reused == 199);
  }
}

TEST_CASE("answers to one prompt share its reading") {
  // Seen to fail with: no waiting for a prompt that still enters.
  const TinyModel model(kinds_of_models()[0]);
  for (const auto kind : {Kind::kernels, Kind::mlx}) {
    World world(model, 2, 16, kind, 4);
    std::map<sched::RequestId, std::vector<sched::Sampled>> answers;
    std::map<sched::RequestId, int> n_reused;
    auto request = request_of(100, 12);
    for (int choice = 0; choice < 4; ++choice) {
      request.id = choice;
      request.sampling.choice = choice;
      world.add(request);
    }
    while (!world.idle()) {
      for (auto& event : world.tick()) {
        n_reused[event.id] = event.n_reused;
        answers[event.id].push_back(std::move(event.sampled));
      }
    }
    for (auto& [choice, answer] : answers) {
      CHECK(n_reused[choice] >= (choice == 0 ? 0 : 96));
      CHECK(n_reused[choice] < 100);
      request.sampling.choice = static_cast<int>(choice);
      const auto alone = World(model, 1, 16, kind).run(request);
      REQUIRE(answer.size() == alone.size());
      CHECK(answer.back().chosen.token == alone.back().chosen.token);
      CHECK((kind == Kind::mlx || same_bits(answer, alone)));
    }
  }
}

TEST_CASE("keys and values of 8 bits take less, and mean the same to both") {
  // Seen to fail with: scales of the place before.
  const TinyModel model(kinds_of_models()[0]);
  auto request = request_of(300, 0);
  request.score_from = 1;
  World full(model, 2, 32);
  World ours(model, 2, 32, Kind::kernels, 1, kernels::KvType::i8);
  World theirs(model, 2, 32, Kind::mlx, 1, kernels::KvType::i8);
  const auto wanted = full.run(request);
  const auto by_us = ours.run(request);
  const auto by_them = theirs.run(request);
  const auto apart = [](const auto& a, const auto& b) {
    double sum = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      sum += std::abs(
          static_cast<double>(a[i].chosen.logprob - b[i].chosen.logprob));
    }
    return sum / static_cast<double>(a.size());
  };
  CHECK(apart(by_us, wanted) > 0.0);
  CHECK(apart(by_us, by_them) < 0.25 * apart(by_us, wanted));
  CHECK(ours.kv_bytes(0) * 3 < full.kv_bytes(0));
  CHECK(theirs.kv_bytes(0) * 3 < full.kv_bytes(0));
}

TEST_CASE("each rank reads its own layers' and nothing else") {
  // Seen to fail with: the embedding read by every rank.
  TinyModelOptions options;
  const TinyModel model(options);
  const auto checkpoint = model.open();
  const auto& family = model::family_of(checkpoint);
  const auto config = family.parse(checkpoint);
  const auto bytes_of = [&](const std::string& prefix) {
    std::uint64_t sum = 0;
    for (const auto& info : checkpoint.tensors()) {
      sum += info.name.rfind(prefix, 0) == 0 ? info.stored_bytes() : 0;
    }
    return sum;
  };
  const auto parts = make_parts(Kind::kernels);
  const auto read_by = [&](int first, int last) {
    const auto own = model.open();
    const model::Stage stage(own, family, config, {first, last}, *parts);
    return own.bytes_read();
  };
  const auto layer = bytes_of("model.layers.0.");
  CHECK(layer > 0);
  CHECK(read_by(0, 2) == 2 * layer + bytes_of("model.embed_tokens"));
  CHECK(read_by(2, 4) == 2 * layer);
  CHECK(read_by(4, 5) == layer + bytes_of("model.norm") + bytes_of("lm_head"));
}

} // namespace lockstep::engine
