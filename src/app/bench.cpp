#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/bench_result.h"
#include "app/bench_run.h"
#include "app/command.h"
#include "app/model_check.h"
#include "app/model_path.h"
#include "app/output.h"
#include "app/progress.h"
#include "app/rank.h"
#include "app/report.h"
#include "app/warning.h"
#include "base/error.h"
#include "engine/session.h"
#include "model/model_shape.h"

namespace lockstep::app {

namespace {

using checkpoint::Checkpoint;

constexpr int kMostStreams = 256;
constexpr int kTurnTokens = 32; // of a conversation's next turn

struct BenchOptions {
  std::string model;
  std::string shape; // a file; instead of a model
  WorldOptions world;
  int prompt = 512;
  int generate = 128;
  int depth = 0;
  int repeat = 5;
  int join = 0;
  int turn = 0;
  bool mixed = false;
  bool json = false;
  std::vector<int> streams{1};
  BenchFormat format = BenchFormat::table;
};

std::vector<int> parse_streams(const std::string& text) {
  std::vector<int> streams;
  const char* at = text.data();
  const char* end = at + text.size();
  while (true) {
    int n = 0;
    const auto [rest, error] = std::from_chars(at, end, n);
    if (error != std::errc() || n < 1 || n > kMostStreams ||
        (rest != end && *rest != ',')) {
      fail(
          ErrorKind::usage,
          "--streams is \"{}\", expected numbers from 1 to {} with commas "
          "between them, such as 1,2,8",
          text,
          kMostStreams);
    }
    streams.push_back(n);
    if (rest == end) {
      return streams;
    }
    at = rest + 1;
  }
}

BenchFormat parse_format(const std::string& text) {
  const std::map<std::string, BenchFormat> formats{
      {"table", BenchFormat::table},
      {"md", BenchFormat::markdown},
      {"csv", BenchFormat::csv},
      {"json", BenchFormat::json},
      {"jsonl", BenchFormat::jsonl}};
  const auto found = formats.find(text);
  if (found == formats.end()) {
    fail(
        ErrorKind::usage,
        "--output is \"{}\", expected table, md, csv, json or jsonl",
        text);
  }
  return found->second;
}

std::vector<BenchTest> tests_of(const BenchOptions& options) {
  std::vector<BenchTest> tests;
  if (options.prompt > 0) {
    tests.push_back(
        {fmt::format("pp{}", options.prompt),
         options.prompt,
         1,
         options.prompt});
  }
  if (options.generate > 0) {
    tests.push_back(
        {fmt::format("tg{}", options.generate) +
             (options.depth > 0 ? fmt::format("@d{}", options.depth) : ""),
         std::max(1, options.depth),
         // The first token ends the prompt; those after it are counted.
         options.generate + 1});
  }
  if (options.mixed && options.prompt > 0 && options.generate > 0) {
    tests.push_back(
        {fmt::format("pp{}+tg{}", options.prompt, options.generate),
         options.prompt,
         options.generate,
         options.prompt + options.generate});
  }
  if (options.turn > 0) {
    for (const bool reuses : {true, false}) {
      BenchTest test;
      test.name = fmt::format("{}{}", reuses ? "turn" : "cold", options.turn);
      test.prompt = kTurnTokens;
      test.counted = kTurnTokens;
      test.history = options.turn;
      test.reuses = reuses;
      tests.push_back(test);
    }
  }
  if (options.join > 0) {
    // So long that no stream ends before the prompt that joins has entered.
    BenchTest test;
    test.name = fmt::format("tg<pp{}", options.join);
    test.prompt = std::max(1, options.depth);
    test.generate = options.join + 1;
    test.joins = options.join;
    tests.push_back(test);
  }
  return tests;
}

std::vector<BenchResult> run_tests(
    const BenchOptions& options, engine::Session& session) {
  const auto tests = tests_of(options);
  ProgressBar bar("measuring");
  const double n_runs = static_cast<double>(tests.size()) *
                        static_cast<double>(options.streams.size()) *
                        (options.repeat + 1);
  double n_done = 0.0;
  std::uint32_t n_prompts = 0;
  std::vector<BenchResult> results;
  for (const auto& test : tests) {
    for (const int streams : options.streams) {
      results.push_back(
          run_bench(session, test, streams, options.repeat, n_prompts, [&] {
            bar.show(++n_done / n_runs);
          }));
    }
  }
  return results;
}

int context_for(const BenchOptions& options) {
  int most = 1;
  for (const auto& test : tests_of(options)) {
    const int before = test.history > 0 ? test.history + kHistoryAnswer : 0;
    most =
        std::max({most, before + test.prompt + test.generate, test.joins + 1});
  }
  return most;
}

Checkpoint open_checkpoint(const BenchOptions& options) {
  return options.shape.empty() ? Checkpoint::open(find_model(options.model))
                               : model::open_model_shape(options.shape);
}

int run_rank(
    const BenchOptions& options,
    const world::Group& group,
    link::Lifeline& lifeline) {
  const auto checkpoint = open_checkpoint(options);
  auto session_options = app::session_options(options.world);
  session_options.context = context_for(options);
  session_options.n_slots =
      *std::max_element(options.streams.begin(), options.streams.end()) +
      (options.join > 0 ? 1 : 0);
  engine::Session session(group, checkpoint, session_options, lifeline);
  warn(session, group);
  lifeline.set_phase("measuring");
  std::vector<BenchResult> results;
  if (group.is_first()) {
    results = run_tests(options, session);
    session.engine().leave();
  } else {
    session.engine().follow();
  }
  const bool is_random = !options.shape.empty();
  const BenchSetting setting{
      (is_random ? checkpoint.path().stem() : checkpoint.path().filename())
          .string(),
      is_random,
      backend_text(group),
      std::string(name_of(session.exchange())),
      session.exchange_is_chosen(),
      session.gather_reports()};
  if (group.is_first()) {
    write_stdout(format_bench(
        options.json ? BenchFormat::json : options.format, setting, results));
  }
  return 0;
}

std::optional<std::string> check_options(BenchOptions& options) {
  if (tests_of(options).empty()) {
    fail(
        ErrorKind::usage,
        "nothing to measure: --prompt, --gen, --turn and --join are all 0; "
        "give one of "
        "them");
  }
  if (options.model.empty() == options.shape.empty()) {
    fail(
        ErrorKind::usage,
        "{}; give either MODEL or --model-shape FILE",
        options.model.empty() ? "no model is named"
                              : "MODEL and --model-shape are both given");
  }
  check_model(open_checkpoint(options), options.world);
  return std::nullopt;
}

} // namespace

void add_bench(CommandLine& program, const Arguments& argv) {
  auto options = std::make_shared<BenchOptions>();
  auto command = program.add("bench", "speed of a model on these ranks");
  command.argument("MODEL", options->model, kModelHelp);
  command.value(
      "--model-shape",
      "FILE",
      options->shape,
      "instead of MODEL: random weights of this config.json");
  add_world_options(command, options->world);
  add_model_options(command, options->world);
  command
      .value(
          "-p,--prompt", "N", options->prompt, "tokens to read (512), 0 = skip")
      .within(0, 1 << 24);
  command
      .value(
          "-g,--gen", "N", options->generate, "tokens to write (128), 0 = skip")
      .within(0, 1 << 24);
  command
      .value(
          "-d,--depth",
          "N",
          options->depth,
          "tokens that are there before the writing (0)")
      .within(0, 1 << 24);
  command.parsed(
      "-s,--streams",
      "N,N,…",
      [options](const auto& text) { options->streams = parse_streams(text); },
      "requests at a time, one test for each number (1)");
  command.flag("--mixed", options->mixed, "also reading and writing in one");
  command
      .value(
          "--join",
          "N",
          options->join,
          "what a prompt of N tokens does to streams it joins")
      .within(0, 1 << 24);
  command
      .value(
          "--turn",
          "N",
          options->turn,
          "also the next turn of a conversation of N tokens, and cold")
      .within(0, 1 << 24);
  command.value("-r,--repeat", "N", options->repeat, "runs of each test (5)")
      .within(1, 1000);
  command.parsed(
      "-o,--output",
      "FORMAT",
      [options](const auto& text) { options->format = parse_format(text); },
      "table (default), md, csv, json or jsonl");
  command.flag("--json", options->json, "the same as -o json");
  command.does(action_over_ranks(options, argv, check_options, run_rank));
}

} // namespace lockstep::app
