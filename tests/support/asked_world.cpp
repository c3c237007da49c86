// A world of ranks that stays, for tests of what it does while nobody asks it
// anything. usage: asked_world MODEL RANKS BACKEND STEP…
//
//   ask       prints one line of JSON when an answer of 4 tokens has come:
//             milliseconds from the question to the first token, and the tokens
//   rest=MS   prints "rest" and asks nothing for so long
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/exit_codes.h"
#include "app/model_path.h"
#include "app/output.h"
#include "app/rank.h"
#include "base/channel.h"
#include "base/error.h"
#include "engine/session.h"

namespace {

using namespace lockstep;
using Clock = std::chrono::steady_clock;

constexpr int kAnswer = 4; // tokens

/// Asks from a thread of its own, as a server would.
class Asker {
 public:
  explicit Asker(Channel<engine::Task>& tasks) : tasks_(tasks) {}

  void act(const std::string& step) {
    if (step == "ask") {
      ask();
    } else if (step.rfind("rest=", 0) == 0) {
      app::write_stdout("rest\n");
      std::this_thread::sleep_for(
          std::chrono::milliseconds(std::atoi(step.c_str() + 5)));
    } else {
      fail(ErrorKind::usage, "asked_world: what is {}?", step);
    }
  }

 private:
  void ask() {
    const auto asked = Clock::now();
    tasks_.push([this](engine::Engine& engine) {
      sched::Request request;
      request.id = ++last_id_;
      request.prompt = {1, 2, 3, 4, 5};
      request.max_tokens = kAnswer;
      request.sampling.temperature = 0.0F;
      engine.submit(request, [this](const sched::TokenEvent& event) {
        tokens_.push({Clock::now(), event.sampled.chosen.token});
      });
    });
    std::optional<Clock::time_point> first;
    std::vector<Token> answer;
    while (answer.size() < kAnswer) {
      tokens_.wait_for(std::chrono::hours(1));
      for (const auto& [when, token] : tokens_.take_all()) {
        first = first.value_or(when);
        answer.push_back(token);
      }
    }
    app::write_stdout(fmt::format(
        "{{\"first_ms\": {:.3f}, \"tokens\": {}}}\n",
        std::chrono::duration<double, std::milli>(*first - asked).count(),
        answer));
  }

  Channel<engine::Task>& tasks_;
  Channel<std::pair<Clock::time_point, Token>> tokens_;
  sched::RequestId last_id_ = 0; // main thread only
};

int run_rank(
    const app::Arguments& argv,
    const world::Group& group,
    link::Lifeline& lifeline) {
  const auto checkpoint =
      checkpoint::Checkpoint::open(app::find_model(argv[1]));
  engine::SessionOptions options;
  options.context = 64;
  engine::Session session(group, checkpoint, options, lifeline);
  lifeline.set_phase("waiting to be asked");
  if (!group.is_first()) {
    session.engine().follow();
    return 0;
  }
  Channel<engine::Task> tasks;
  std::thread asking([&] {
    Asker asker(tasks);
    for (std::size_t i = 4; i < argv.size(); ++i) {
      asker.act(argv[i]);
    }
    tasks.close();
  });
  session.engine().serve(tasks);
  asking.join();
  session.engine().leave();
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  const app::Arguments arguments(argv, argv + argc);
  if (arguments.size() < 4) {
    app::write_stderr("usage: asked_world MODEL RANKS BACKEND STEP...\n");
    return 2;
  }
  try {
    app::WorldCommand command;
    command.world.n_ranks = std::atoi(argv[2]);
    command.world.backend = parse_backend(argv[3]);
    command.argv = arguments;
    command.check = [](int) { return std::optional<std::string>(); };
    command.run = [&](const world::Group& group, link::Lifeline& lifeline) {
      return run_rank(arguments, group, lifeline);
    };
    return app::run_over_ranks(command);
  } catch (const Error& error) {
    app::write_stderr(fmt::format("asked_world: {}\n", error.what()));
    return app::exit_code(error.kind());
  }
}
