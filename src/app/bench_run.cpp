#include "app/bench_run.h"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/half.h"
#include "base/hash.h"

namespace lockstep::app {

namespace {

using Clock = std::chrono::steady_clock;

double ms_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

/// No two of a session's prompts begin alike, so that nothing is reused.
std::vector<Token> prompt_of(int length, std::uint32_t number, int vocab) {
  std::uint32_t state = 0x9e3779b9U * (number + 1);
  std::vector<Token> prompt;
  prompt.reserve(static_cast<std::size_t>(length));
  for (int i = 0; i < length; ++i) {
    state = state * 1664525U + 1013904223U; // Numerical Recipes' generator
    prompt.push_back(
        static_cast<Token>((state >> 8) % static_cast<std::uint32_t>(vocab)));
  }
  return prompt;
}

/// One repetition of a test.
class Run {
 public:
  /// `n_prompts` counts the prompts of the session.
  Run(const BenchTest& test, int streams, std::uint32_t& n_prompts)
      : test_(test),
        n_prompts_(n_prompts),
        prompts_(static_cast<std::size_t>(streams)),
        last_(static_cast<std::size_t>(streams)),
        answers_(static_cast<std::size_t>(streams)) {}

  void run(engine::Engine& engine, int vocab) {
    engine_ = &engine;
    vocab_ = vocab;
    make_prompts();
    start_ = Clock::now();
    for (int stream = 0; stream < n_streams(); ++stream) {
      submit(
          stream,
          prompts_[static_cast<std::size_t>(stream)],
          test_.generate,
          [this](const auto& event) { take(event); });
    }
    engine.run_until_idle();
    end_ = test_.joins > 0 ? end_ : Clock::now();
  }

  /// Tokens per second, of the tokens that the test is about.
  double tps() const {
    return test_.counted > 0
               ? 1e3 * test_.counted * n_streams() / ms_between(start_, end_)
               : 1e3 * n_after_first_ / ms_between(all_began_, end_);
  }
  int n_tokens() const { // that went through the ranks
    if (test_.joins > 0) {
      return test_.joins + static_cast<int>(n_after_first_);
    }
    const int before = test_.history > 0 ? test_.history + kHistoryAnswer : 0;
    return n_streams() * ((test_.reuses ? before : 2 * before) + test_.prompt +
                          test_.generate - 1);
  }
  std::string digest() const { // of all answers
    return fmt::format("{}", fmt::join(answers_, " "));
  }
  const std::vector<double>& first_ms() const { return first_ms_; }
  const std::vector<double>& gaps_ms() const { return gaps_ms_; }

 private:
  int n_streams() const { return static_cast<int>(last_.size()); }

  void make_prompts() {
    for (int stream = 0; stream < n_streams(); ++stream) {
      auto& prompt = prompts_[static_cast<std::size_t>(stream)];
      prompt = prompt_of(
          test_.history > 0 ? test_.history : test_.prompt, next(), vocab_);
      if (test_.history > 0) {
        submit(stream, prompt, kHistoryAnswer, [&prompt](const auto& event) {
          prompt.push_back(event.sampled.chosen.token);
        });
      }
    }
    engine_->run_until_idle();
    for (auto& prompt : prompts_) {
      if (test_.history > 0) {
        const auto rest = prompt_of(test_.prompt, next(), vocab_);
        prompt.insert(prompt.end(), rest.begin(), rest.end());
      }
      if (!test_.reuses) {
        prompt = prompt_of(static_cast<int>(prompt.size()), next(), vocab_);
      }
    }
  }

  std::uint32_t next() { return n_prompts_++; }

  void submit(
      int id, std::vector<Token> prompt, int answer, engine::Sink sink) {
    sched::Request request;
    request.id = id;
    request.prompt = std::move(prompt);
    request.max_tokens = answer;
    request.sampling.temperature = 0.0F;
    engine_->submit(std::move(request), std::move(sink));
  }

  void take(const sched::TokenEvent& event) {
    if (event.finish == sched::FinishReason::cancelled) {
      return;
    }
    const auto now = Clock::now();
    const auto stream = static_cast<std::size_t>(event.id);
    const auto& chosen = event.sampled.chosen;
    answers_[stream] = fnv1a(
        fmt::format("{} {} ", chosen.token, bits_of_float(chosen.logprob)),
        answers_[stream]);
    auto& last = last_[stream];
    if (event.index == 0) {
      first_ms_.push_back(ms_between(start_, now));
      if (++n_began_ == n_streams()) {
        all_began_ = now;
        if (test_.joins > 0) {
          join();
        }
      }
    } else {
      gaps_ms_.push_back(ms_between(last, now));
      n_after_first_ += n_began_ == n_streams() ? 1.0 : 0.0;
    }
    last = now;
  }

  void join() {
    gaps_ms_.clear();
    first_ms_.clear();
    auto prompt = prompt_of(test_.joins, next(), vocab_);
    submit(n_streams(), std::move(prompt), 1, [this](const auto&) {
      end_ = Clock::now();
      first_ms_.push_back(ms_between(all_began_, end_));
      for (int stream = 0; stream < n_streams(); ++stream) {
        engine_->cancel(stream);
      }
    });
  }

  const BenchTest& test_;
  std::uint32_t& n_prompts_;
  std::vector<std::vector<Token>> prompts_; // by stream
  engine::Engine* engine_ = nullptr;
  int vocab_ = 0;
  Clock::time_point start_;
  Clock::time_point all_began_;
  Clock::time_point end_;
  std::vector<Clock::time_point> last_; // by stream
  std::vector<std::uint64_t> answers_;  // hashes of what came, by stream
  std::vector<double> first_ms_;
  std::vector<double> gaps_ms_;
  int n_began_ = 0;
  double n_after_first_ = 0.0; // tokens after the first, once all began
};

} // namespace

BenchResult run_bench(
    engine::Session& session,
    const BenchTest& test,
    int streams,
    int repeat,
    std::uint32_t& n_prompts,
    const std::function<void()>& on_done) {
  auto& engine = session.engine();
  Run(test, streams, n_prompts).run(engine, session.config().vocab); // warms up
  on_done();
  engine.reset_stats();
  BenchResult result;
  result.test = test.name;
  result.streams = streams;
  std::vector<double> first_ms;
  std::vector<double> gaps_ms;
  std::vector<double> tps;
  double n_tokens = 0.0;
  std::uint64_t digest = fnv1a("");
  for (int i = 0; i < repeat; ++i) {
    Run run(test, streams, n_prompts);
    run.run(engine, session.config().vocab);
    on_done();
    digest = fnv1a(run.digest(), digest);
    tps.push_back(run.tps());
    n_tokens += run.n_tokens();
    first_ms.insert(
        first_ms.end(), run.first_ms().begin(), run.first_ms().end());
    gaps_ms.insert(gaps_ms.end(), run.gaps_ms().begin(), run.gaps_ms().end());
  }
  double squares = 0.0;
  for (const double x : tps) {
    result.tps += x / repeat;
  }
  for (const double x : tps) {
    squares += (x - result.tps) * (x - result.tps);
  }
  result.tps_sd = repeat > 1 ? std::sqrt(squares / (repeat - 1)) : 0.0;
  result.digest = test.joins > 0 ? "" : fmt::format("{:016x}", digest);
  result.ttft_ms = percentiles(std::move(first_ms));
  result.gap_ms = percentiles(std::move(gaps_ms));
  for (int rank = 0; rank < session.n_ranks(); ++rank) {
    result.busy.push_back(engine.stats().busy(rank));
  }
  result.exchange_ms = engine.stats().exchange_ms();
  result.bytes_per_token =
      static_cast<double>(engine.stats().exchange_bytes()) / n_tokens;
  return result;
}

} // namespace lockstep::app
