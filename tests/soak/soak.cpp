// Ranks under random traffic, with a tiny model and injected delays. tools/soak
// starts it, waits for it and compares what it wrote:
//
//   soak model to=DIR
//   soak ranks model=DIR to=DIR n=N backend=NAME exchange=KIND ticks=N seed=N
//     starts N ranks as lockstep does; writes DIR/ticks and DIR/results
//   soak alone model=DIR to=DIR requests=N seed=N
//     the requests 0 … N-1, one after the other, on one rank; none of them
//     finds in a slot what another one left
#include <cstdint>
#include <exception>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/exit_codes.h"
#include "app/output.h"
#include "app/rank.h"
#include "base/error.h"
#include "engine/session.h"
#include "soak/delays.h"
#include "soak/records.h"
#include "soak/requests.h"
#include "support/tiny_model.h"
#include "world/exchange_kind.h"

namespace lockstep::testing {

namespace {

namespace fs = std::filesystem;

using Words = std::map<std::string, std::string>;

constexpr int kSlots = 6;
constexpr std::size_t kMostAtATime = 20;

const std::string& word(const Words& words, const std::string& name) {
  const auto found = words.find(name);
  if (found == words.end()) {
    fail(ErrorKind::usage, "{}=… is missing", name);
  }
  return found->second;
}

int number(const Words& words, const std::string& name) {
  const auto& text = word(words, name);
  try {
    return std::stoi(text);
  } catch (const std::exception&) {
    fail(ErrorKind::usage, "{} is \"{}\", expected a number", name, text);
  }
}

/// Requests that come and go by chance, on rank 0.
class Traffic {
 public:
  Traffic(engine::Engine& engine, std::uint32_t seed, std::uint64_t n_ticks)
      : engine_(engine), random_(seed), seed_(seed), n_ticks_(n_ticks) {}

  void run() {
    // The engine stops where nobody is left; there it is quiet for a moment.
    while (tick_ < n_ticks_) {
      submit();
      engine_.run_until_idle();
    }
    engine_.leave();
  }

  void step(std::uint64_t tick) {
    tick_ = tick + 1;
    if (tick_ >= n_ticks_) {
      return;
    }
    if (random_() % 200 == 0) {
      every_ = 1U << (random_() % 7);
    }
    const int n = random_() % 200 == 0 ? 8 : (random_() % every_ == 0 ? 1 : 0);
    for (int i = 0; i < n && under_way_.size() < kMostAtATime; ++i) {
      submit();
    }
    if (random_() % 50 == 0 && !under_way_.empty()) {
      const auto place = random_() % under_way_.size();
      engine_.cancel(
          *std::next(under_way_.begin(), static_cast<std::ptrdiff_t>(place)));
    }
  }

  const Records& records() const { return records_; }

 private:
  void submit() {
    const auto id = next_id_++;
    under_way_.insert(id);
    engine_.submit(request_of(seed_, id), [this](const auto& event) {
      records_.book(event);
      if (event.finish) {
        under_way_.erase(event.id);
      }
    });
  }

  engine::Engine& engine_;
  std::mt19937 random_;
  std::uint32_t seed_;
  std::uint64_t n_ticks_;
  std::uint64_t tick_ = 0; // the next one
  unsigned every_ = 8;     // one request in so many ticks, for a while
  sched::RequestId next_id_ = 0;
  std::set<sched::RequestId> under_way_;
  Records records_;
};

engine::SessionOptions session_options(int n_slots) {
  engine::SessionOptions options;
  options.context = kSoakContext;
  options.n_slots = n_slots;
  return options;
}

int run_rank(
    const Words& words, const world::Group& group, link::Lifeline& lifeline) {
  const auto checkpoint = checkpoint::Checkpoint::open(word(words, "model"));
  auto options = session_options(kSlots);
  options.exchange = world::parse_exchange(word(words, "exchange"));
  engine::Session session(group, checkpoint, options, lifeline);
  const auto seed = static_cast<std::uint32_t>(number(words, "seed"));
  const fs::path to = word(words, "to");
  TickFile ticks(to / "ticks", group.rank());
  Delays delays(seed, group.rank(), group.size());
  auto& engine = session.engine();
  lifeline.set_phase("soaking");
  if (group.is_first()) {
    Traffic traffic(
        engine, seed, static_cast<std::uint64_t>(number(words, "ticks")));
    engine.on_tick([&](std::uint64_t tick) {
      ticks.note(tick);
      delays.wait(tick);
      traffic.step(tick);
    });
    traffic.run();
    session.gather_reports();
    traffic.records().write(to / "results");
  } else {
    engine.on_tick([&](std::uint64_t tick) {
      ticks.note(tick);
      delays.wait(tick);
    });
    engine.follow();
    session.gather_reports();
  }
  return 0;
}

int start_ranks(const Words& words, const app::Arguments& argv) {
  app::WorldCommand command;
  command.world.n_ranks = number(words, "n");
  command.world.backend = parse_backend(word(words, "backend"));
  command.world.exchange = world::parse_exchange(word(words, "exchange"));
  command.argv = argv;
  command.check = [](int) { return std::nullopt; };
  command.run = [&](const world::Group& group, link::Lifeline& lifeline) {
    return run_rank(words, group, lifeline);
  };
  return app::run_over_ranks(command);
}

int run_alone(const Words& words) {
  const auto checkpoint = checkpoint::Checkpoint::open(word(words, "model"));
  const auto group = world::Group::alone();
  auto lifeline = link::Lifeline::from_environment();
  engine::Session session(group, checkpoint, session_options(1), lifeline);
  const auto seed = static_cast<std::uint32_t>(number(words, "seed"));
  const fs::path to = word(words, "to");
  TickFile ticks(to / "ticks", 0);
  Records records;
  for (int id = 0; id < number(words, "requests"); ++id) {
    ticks.note(static_cast<std::uint64_t>(id));
    session.engine().submit(
        request_of(seed, id), [&](const auto& event) { records.book(event); });
    session.engine().run_until_idle();
    session.engine().submit(sweeping_request(), [](const auto&) {});
    session.engine().run_until_idle();
  }
  records.write(to / "results");
  return 0;
}

int write_model(const Words& words) {
  TinyModelOptions options;
  options.n_layers = 9;
  options.vocab = kSoakVocab;
  options.quantized = true;
  const TinyModel model(options);
  fs::copy(
      model.path(),
      word(words, "to"),
      fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  return 0;
}

int run(const app::Arguments& argv) {
  Words words;
  for (std::size_t i = 2; i < argv.size(); ++i) {
    const auto equals = argv[i].find('=');
    words[argv[i].substr(0, equals)] =
        equals == std::string::npos ? "" : argv[i].substr(equals + 1);
  }
  const std::string verb = argv.size() > 1 ? argv[1] : "";
  if (verb == "model") {
    return write_model(words);
  }
  if (verb == "ranks") {
    return start_ranks(words, argv);
  }
  if (verb == "alone") {
    return run_alone(words);
  }
  fail(ErrorKind::usage, "expected model, ranks or alone, got \"{}\"", verb);
}

} // namespace

} // namespace lockstep::testing

int main(int argc, char** argv) {
  using lockstep::app::exit_code;
  try {
    return lockstep::testing::run({argv, argv + argc});
  } catch (const lockstep::Error& e) {
    lockstep::app::write_stderr(fmt::format("soak: {}\n", e.what()));
    return exit_code(e.kind());
  } catch (const std::exception& e) {
    lockstep::app::write_stderr(fmt::format("soak: {}\n", e.what()));
    return exit_code(lockstep::ErrorKind::internal);
  }
}
