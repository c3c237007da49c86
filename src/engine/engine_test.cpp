#include "engine/engine.h"

#include <map>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"
#include "support/begun_group.h"
#include "support/tiny_model.h"
#include "support/tiny_world.h"
#include "world/gather_exchange.h"

namespace lockstep::engine {

namespace {

using testing::TinyModel;
using testing::TinyModelOptions;
using Tokens = std::vector<Token>;

sched::Request request_of(sched::RequestId id, int answer) {
  sched::Request request;
  request.id = id;
  for (int i = 0; i < 20; ++i) {
    request.prompt.push_back((i * 37 + static_cast<int>(id)) % 101);
  }
  request.max_tokens = answer;
  request.sampling.seed = 5;
  return request;
}

/// The engine of a rank alone.
class Alone {
 public:
  explicit Alone(const TinyModel& model, int n_slots) {
    const auto checkpoint = model.open();
    const auto& family = model::family_of(checkpoint);
    const auto config = family.parse(checkpoint);
    parts_ = testing::make_parts(testing::Kind::kernels);
    const checkpoint::LayerRange all{0, static_cast<int>(config.layers.size())};
    stage_.emplace(checkpoint, family, config, all, *parts_);
    PipelineOptions options;
    options.hidden = config.hidden;
    options.limits = {
        n_slots + 2, testing::kTinyContext, config.vocab, 64 + n_slots};
    const sched::SchedulerOptions scheduling{
        1,
        testing::kTinyContext,
        16,
        {n_slots + 2,
         n_slots,
         std::int64_t{n_slots} * testing::kTinyContext,
         model::kPagePlaces,
         true}};
    engine_.emplace(
        Pipeline(*stage_, options),
        exchange_,
        sched::Scheduler(scheduling),
        lifeline_,
        1);
  }

  Engine& engine() { return *engine_; }

 private:
  std::unique_ptr<model::Parts> parts_;
  std::optional<model::Stage> stage_;
  world::GatherExchange exchange_{
      testing::begun_group(), world::Purpose::exchange};
  link::Lifeline lifeline_ = link::Lifeline::from_environment();
  std::optional<Engine> engine_;
};

} // namespace

TEST_CASE("what other threads ask is answered as it is without them") {
  // Seen to fail with: serve() that returns when it is first idle.
  const TinyModel model(TinyModelOptions{});
  std::map<sched::RequestId, Tokens> expected;
  for (sched::RequestId id = 1; id <= 6; ++id) {
    for (const auto& sampled :
         testing::TinyWorld(model, 1, 16).run(request_of(id, 9))) {
      expected[id].push_back(sampled.chosen.token);
    }
  }
  Alone alone(model, 3);
  Channel<Task> tasks;
  Channel<int> ended;
  std::map<sched::RequestId, Tokens> answers; // written on this thread alone
  std::vector<std::thread> askers;
  askers.reserve(2);
  for (int asker = 0; asker < 2; ++asker) {
    askers.emplace_back([&, asker] {
      for (sched::RequestId id = 1 + asker; id <= 6; id += 2) {
        tasks.push([&, id](Engine& engine) {
          engine.submit(request_of(id, 9), [&, id](const auto& event) {
            answers[id].push_back(event.sampled.chosen.token);
            if (event.finish) {
              ended.push(0);
            }
          });
        });
      }
    });
  }
  std::thread last([&] {
    for (std::size_t n_ended = 0; n_ended < 6;) {
      ended.wait_for(std::chrono::hours(1));
      n_ended += ended.take_all().size();
    }
    tasks.push([&](Engine& engine) {
      CHECK_THROWS_AS(
          engine.submit(request_of(7, 1 << 20), [](const auto&) {}), Error);
    });
    tasks.push([&](Engine& engine) {
      engine.submit(request_of(8, 3), [&](const auto& event) {
        answers[8].push_back(event.sampled.chosen.token);
      });
    });
    tasks.close();
  });
  alone.engine().serve(tasks);
  for (auto& asker : askers) {
    asker.join();
  }
  last.join();
  CHECK(answers[8].size() == 3);
  answers.erase(8);
  CHECK(answers == expected);
}

} // namespace lockstep::engine
