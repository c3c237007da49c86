#include "engine/pipeline.h"

#include <cmath>
#include <cstdint>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "support/tiny_model.h"
#include "support/tiny_requests.h"
#include "support/tiny_world.h"

namespace lockstep::engine {

namespace {

using testing::Kind;
using testing::kinds_of_models;
using testing::request_of;
using testing::same_bits;
using testing::TinyModel;
using testing::TinyModelOptions;
using World = testing::TinyWorld;

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
