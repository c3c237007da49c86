#include <map>
#include <random>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "engine/pipeline.h"
#include "sched/scheduler.h"
#include "support/random_sampling.h"
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

} // namespace lockstep::engine
