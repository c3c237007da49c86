#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"
#include "sched/scheduler.h"
#include "support/fake_world.h"
#include "support/random_sampling.h"

namespace lockstep::sched {

namespace {

using testing::expected_answer;
using testing::FakeWorld;
using testing::kContext;
using testing::random_prompt;

SchedulerOptions options_of(int n_stages, int n_slots, int chunk) {
  SchedulerOptions options;
  options.n_stages = n_stages;
  options.context = kContext;
  options.chunk = chunk;
  options.slots = {
      n_slots + 4, n_slots, std::int64_t{n_slots} * kContext, 1, true};
  return options;
}

/// Behind `beginning`.
Request random_request(
    std::mt19937& random, RequestId id, std::vector<Token> beginning) {
  Request request;
  request.id = id;
  const auto rest = random_prompt(random, 1 + random() % 60);
  request.prompt = std::move(beginning);
  request.prompt.insert(request.prompt.end(), rest.begin(), rest.end());
  if (random() % 5 == 0 && request.prompt.size() > 1) {
    request.score_from =
        1 + static_cast<int>(random() % (request.prompt.size() - 1));
    return request;
  }
  request.max_tokens = 1 + static_cast<int>(random() % 30);
  request.sampling = testing::random_sampling(random, testing::kVocab);
  request.sampling.stop_tokens.clear();
  request.sampling.min_tokens = 0;
  const auto answer = expected_answer(request);
  if (random() % 3 == 0) {
    request.sampling.stop_tokens = {answer[random() % answer.size()]};
  }
  return request;
}

Request plain(RequestId id, int n_prompt, int n_answer) {
  Request request;
  request.id = id;
  request.prompt.assign(static_cast<std::size_t>(n_prompt), 1 + id % 7);
  request.max_tokens = n_answer;
  return request;
}

/// What a new prompt may have in common with one before: a part of it, all of
/// it with its answer, or nothing.
std::vector<Token> random_beginning(
    std::mt19937& random, const std::vector<Request>& before) {
  if (before.empty() || random() % 3 == 0) {
    return {};
  }
  const auto& request = before[random() % before.size()];
  auto text = request.prompt;
  if (random() % 2 == 0 && !request.score_from) {
    const auto answer = expected_answer(request);
    text.insert(text.end(), answer.begin(), answer.end());
  } else {
    text.resize(random() % (text.size() + 1));
  }
  text.resize(std::min<std::size_t>(text.size(), 100));
  return text;
}

/// What became of one request.
struct Fate {
  Request request;
  std::vector<Token> got;
  int n_ends = 0;
  bool cancelled = false;
};

void book(std::map<RequestId, Fate>& fates, const TokenEvent& event) {
  auto& fate = fates.at(event.id);
  REQUIRE(fate.n_ends == 0);
  fate.n_ends += event.finish ? 1 : 0;
  if (event.finish == FinishReason::cancelled) {
    REQUIRE(fate.cancelled);
    return;
  }
  const int first = fate.request.score_from.value_or(0);
  REQUIRE(event.index == first + static_cast<int>(fate.got.size()));
  fate.got.push_back(event.sampled.chosen.token);
}

void check_fate(const Fate& fate) {
  REQUIRE(fate.n_ends == 1);
  if (fate.cancelled) {
    return;
  }
  const auto& request = fate.request;
  REQUIRE(
      fate.got == (request.score_from
                       ? std::vector<Token>(
                             request.prompt.begin() + *request.score_from,
                             request.prompt.end())
                       : expected_answer(request)));
}

} // namespace

TEST_CASE("in any crowd every request ends once, with its own text") {
  // Seen to fail with: a slot given away before its closing was sent; a
  // cancelled request's rows booked for the one that has its slot now.
  std::mt19937 random(11);
  std::int64_t n_reused = 0;
  for (int round = 0; round < 400; ++round) {
    auto options = options_of(
        1 + round % 5,
        1 + static_cast<int>(random() % 6),
        1 + static_cast<int>(random() % 70));
    options.slots.page = 1 + static_cast<int>(random() % 40);
    options.slots.shares_pages = random() % 2 == 0;
    options.slots.places = std::max<std::int64_t>(
        240, options.slots.places / (1 + static_cast<int>(random() % 3)));
    FakeWorld world(options, [&](int, const Load& load) {
      return 1 + load.tokens * 2 + load.prompt.tokens +
             static_cast<int>(random() % 50);
    });
    std::map<RequestId, Fate> fates;
    std::vector<Request> before;
    int n_left = 12;
    while (n_left > 0 || !world.scheduler.idle()) {
      REQUIRE(world.n_ticks < 20000);
      if (n_left > 0 && random() % 8 == 0) {
        auto request = random_request(
            random, 100 - n_left--, random_beginning(random, before));
        before.push_back(request);
        fates[request.id].request = request;
        world.scheduler.add(std::move(request));
      }
      if (random() % 60 == 0 && !fates.empty()) {
        auto& [id, fate] = *std::next(fates.begin(), random() % fates.size());
        fate.cancelled = fate.cancelled || fate.n_ends == 0;
        world.scheduler.cancel(id);
      }
      for (const auto& event : world.tick()) {
        book(fates, event);
      }
    }
    for (const auto& [id, fate] : fates) {
      check_fate(fate);
    }
    n_reused += world.n_reused;
  }
  CHECK(n_reused > 10000);
}

TEST_CASE("as many requests as stages keep every stage at work") {
  // Seen to fail with: all sequences in one part.
  for (int n_stages = 1; n_stages <= 4; ++n_stages) {
    constexpr int kStreams = 12; // as many in each part
    FakeWorld world(
        options_of(n_stages, kStreams, 64), [](int, const Load& load) {
          return 100 + 100 * load.tokens + 100 * load.prompt.tokens;
        });
    for (RequestId id = 0; id < kStreams; ++id) {
      world.scheduler.add(plain(id, 1, 190));
    }
    while (!world.scheduler.idle()) {
      world.tick();
    }
    const double busy = static_cast<double>(world.busy_us) /
                        static_cast<double>(world.now_us * n_stages);
    CAPTURE(n_stages);
    CHECK(busy > 0.95);
  }
}

TEST_CASE("where a batch costs what one token costs, parts stay together") {
  // Seen to fail with: always as many parts as stages.
  StageTimes times(2, 8);
  for (int stage = 0; stage < 2; ++stage) {
    for (int n = 1; n <= 8; ++n) {
      times.record(stage, {n, {}}, stage == 0 ? 1000 : 100);
    }
  }
  CHECK(choose_parts(times, 8) == 1);
  CHECK(choose_parts(times, 1) == 1);
  StageTimes in_proportion(2, 8);
  for (int stage = 0; stage < 2; ++stage) {
    for (int n = 1; n <= 8; ++n) {
      in_proportion.record(stage, {n, {}}, 1000 * n);
    }
  }
  CHECK(choose_parts(in_proportion, 8) == 2);
  CHECK(choose_parts(StageTimes(3, 8), 8) == 3);
}

TEST_CASE("a long prompt stretches the others' gaps by a bound") {
  // Seen to fail with: the whole chunk entered beside sequences that answer; a
  // slot opened with words that were promised to their rows.
  for (int n_stages = 1; n_stages <= 3; ++n_stages) {
    FakeWorld world(options_of(n_stages, 5, 128), [](int, const Load& load) {
      return 2000 + 300 * load.tokens + 250 * load.prompt.tokens;
    });
    for (RequestId id = 0; id < 4; ++id) {
      world.scheduler.add(plain(id, 1, 190));
    }
    std::map<RequestId, std::int64_t> last;
    std::vector<std::int64_t> quiet;
    std::vector<std::int64_t> disturbed;
    while (!world.scheduler.idle()) {
      if (world.n_ticks == 100) {
        world.scheduler.add(plain(99, 190, 1));
      }
      for (const auto& event : world.tick()) {
        if (event.index > 8) {
          (world.n_ticks < 100 ? quiet : disturbed)
              .push_back(world.now_us - last[event.id]);
        }
        last[event.id] = world.now_us;
      }
    }
    std::sort(quiet.begin(), quiet.end());
    const auto usual = quiet[quiet.size() / 2];
    CAPTURE(n_stages);
    CHECK(*std::max_element(disturbed.begin(), disturbed.end()) <= 3 * usual);
  }
}

TEST_CASE("what waits is bounded, and what never fits is refused at once") {
  // Seen to fail with: the bound of tokens not counted down on admission.
  auto options = options_of(1, 1, 64);
  options.waiting = {3, 100};
  options.slots = {1, 1, 64, 32, true};
  FakeWorld world(options);
  CHECK_THROWS_WITH_AS(
      world.scheduler.add(plain(1, 60, 5)),
      doctest::Contains("more than the 64 places"),
      Error);
  for (RequestId id = 0; id < 3; ++id) {
    world.scheduler.add(plain(id, 30, 5));
  }
  try {
    world.scheduler.add(plain(3, 1, 1));
    FAIL("taken");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::full);
  }
  world.tick(); // the first has its slot
  CHECK_THROWS_AS(world.scheduler.add(plain(3, 50, 1)), Error);
  world.scheduler.add(plain(3, 40, 1));
  int n_ends = 0;
  while (!world.scheduler.idle()) {
    for (const auto& event : world.tick()) {
      n_ends += event.finish ? 1 : 0;
    }
  }
  CHECK(n_ends == 4);
}

} // namespace lockstep::sched
