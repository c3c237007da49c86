#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "app/bench_result.h"
#include "engine/session.h"

namespace lockstep::app {

inline constexpr int kHistoryAnswer = 16; // tokens, see BenchTest

/// One test: every stream's request, and which tokens count.
struct BenchTest {
  std::string name;
  int prompt = 1;   // tokens of each request
  int generate = 1; // tokens of each answer
  /// Tokens of each stream that count, over all the time; 0 = those of answers
  /// after the first, from when all streams answer.
  int counted = 0;
  /// A prompt of so many tokens joins the streams once all answer. Then only
  /// what happens until its first token counts, and with it all end.
  int joins = 0;
  /// A conversation of so many tokens and an answer come first and do not
  /// count; then `prompt` are new tokens behind it. `reuses`: it is the same
  /// conversation; otherwise another one as long, of which nothing is there.
  int history = 0;
  bool reuses = true;
};

/// On rank 0: `streams` requests at a time, `repeat` times after one run that
/// warms up. `n_prompts` counts the session's prompts: no two begin alike.
/// `on_done` hears of the end of each run.
BenchResult run_bench(
    engine::Session& session,
    const BenchTest& test,
    int streams,
    int repeat,
    std::uint32_t& n_prompts,
    const std::function<void()>& on_done);

} // namespace lockstep::app
