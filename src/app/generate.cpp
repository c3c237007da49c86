#include <algorithm>
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include <fmt/format.h>

#include "app/answer.h"
#include "app/command.h"
#include "app/model_check.h"
#include "app/model_path.h"
#include "app/output.h"
#include "app/progress.h"
#include "app/prompt.h"
#include "app/rank.h"
#include "app/report.h"
#include "app/warning.h"
#include "app/world_options.h"
#include "base/error.h"
#include "engine/session.h"
#include "model/families/family.h"
#include "text/tokenizer.h"

namespace lockstep::app {

namespace {

using checkpoint::Checkpoint;

constexpr int kDefaultMaxTokens = 512;

struct GenerateOptions {
  std::string model;
  PromptOptions prompt;
  WorldOptions world;
  sched::Sampling sampling;
  std::optional<std::uint64_t> seed;
  std::optional<int> max_tokens;
  int context = 0;
  int n_top = -1; // --logprobs
  bool ignore_eos = false;
  bool json = false;
  std::optional<std::string> prompt_text; // once it is read
};

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

sched::Request make_request(
    const GenerateOptions& options,
    const checkpoint::ModelConfig& config,
    std::vector<Token> prompt) {
  const int context = engine::context_of(config, options.context);
  sched::Request request;
  const int room = context - static_cast<int>(prompt.size());
  request.prompt = std::move(prompt);
  request.sampling = options.sampling;
  request.sampling.seed = options.seed.value_or(random_seed());
  // Asked for, it must fit; not asked for, as much as fits.
  request.max_tokens =
      options.max_tokens.value_or(std::clamp(room, 1, kDefaultMaxTokens));
  request.n_top = std::max(0, options.n_top);
  if (!options.ignore_eos) {
    request.sampling.stop_tokens = config.eos_tokens;
  }
  check(request, context, config.vocab);
  return request;
}

/// What rank 0 knows while weights are still read, so that a prompt that cannot
/// be answered is refused at once.
struct Question {
  text::Tokenizer tokenizer;
  sched::Request request;
};

Question read_question(
    const GenerateOptions& options, const Checkpoint& checkpoint) {
  const auto config = model::family_of(checkpoint).parse(checkpoint);
  const auto prompt =
      options.prompt_text ? *options.prompt_text : read_prompt(options.prompt);
  text::Tokenizer tokenizer(checkpoint.tokenizer_json());
  auto request = make_request(
      options,
      config,
      encode_prompt(options.prompt, prompt, checkpoint, tokenizer));
  return {std::move(tokenizer), std::move(request)};
}

/// Follows the answer on rank 0.
RunReport run_request(
    sched::Request request, engine::Engine& engine, Answer& answer) {
  RunReport report;
  report.prompt_tokens = static_cast<int>(request.prompt.size());
  ProgressBar bar("prompt");
  engine.submit(std::move(request), [&](const sched::TokenEvent& event) {
    bar.clear();
    answer.take(event);
  });
  engine.on_prompt([&bar](double share) {
    if (share < 1.0) {
      bar.show(share);
    }
  });
  answer.start();
  engine.run_until_idle();
  answer.finish();
  answer.complete(report);
  return report;
}

void print_report(
    const GenerateOptions& options,
    const Answer& answer,
    const RunReport& report) {
  if (!options.json) {
    write_stderr("\n" + format_report(report));
    return;
  }
  auto json = answer.to_json(options.n_top >= 0);
  json.update(report_json(report));
  write_stdout(json.dump() + "\n");
}

int run_rank(
    const GenerateOptions& options,
    const world::Group& group,
    link::Lifeline& lifeline) {
  const auto checkpoint = Checkpoint::open(find_model(options.model));
  std::optional<Question> question;
  ProgressBar bar("loading");
  auto session_options = app::session_options(options.world);
  session_options.context = options.context;
  std::future<Question> asked;
  if (group.is_first()) {
    // While weights are read; a prompt that cannot be answered ends that.
    asked = std::async(
        std::launch::async, [&] { return read_question(options, checkpoint); });
    session_options.on_load = [&](double share) {
      bar.show(share);
      if (asked.valid() && asked.wait_for(std::chrono::seconds(0)) ==
                               std::future_status::ready) {
        question = asked.get();
      }
    };
  }
  engine::Session session(group, checkpoint, session_options, lifeline);
  warn(session, group);
  bar.clear();
  lifeline.set_phase("generating");
  auto& engine = session.engine();
  if (asked.valid()) {
    question = asked.get();
  }
  if (!question) {
    engine.follow();
    session.gather_reports();
    return 0;
  }
  Answer answer(question->tokenizer, !options.json);
  auto report = run_request(std::move(question->request), engine, answer);
  engine.leave();
  report.tick_ms = engine.stats().tick_ms();
  report.exchange_ms = engine.stats().exchange_ms();
  report.backend = backend_text(group);
  report.exchange = name_of(session.exchange());
  report.exchange_is_chosen = session.exchange_is_chosen();
  report.ranks = session.gather_reports();
  print_report(options, answer, report);
  return 0;
}

/// Refuses what cannot work before any rank is started.
std::optional<std::string> check_options(GenerateOptions& options) {
  check(options.sampling);
  check_model(options.model, options.world.n_ranks);
  options.prompt_text = read_prompt(options.prompt);
  return options.prompt.file == "-" ? options.prompt_text : std::nullopt;
}

void add_sampling_options(Command& command, GenerateOptions& options) {
  auto& s = options.sampling;
  command.value("--max-tokens", "N", options.max_tokens, "length of the answer")
      .within(1, 1 << 30);
  command.value(
      "--temperature,--temp",
      "X",
      s.temperature,
      "0 = always the likeliest token (default 0.8)");
  command.value("--top-k", "K", s.top_k, "of the K likeliest, 0 = all (40)");
  command.value("--top-p", "P", s.top_p, "that together reach P (0.95)");
  command.value(
      "--min-p", "P", s.min_p, "at least P times the likeliest (0.05)");
  command.value("--seed", "N", options.seed, "the same seed, the same text");
  command.flag(
      "--ignore-eos", options.ignore_eos, "go on after the end of the answer");
  command
      .value("--logprobs", "K", options.n_top, "with --json: K best per token")
      .within(0, sched::kMostTopLogprobs);
}

} // namespace

void add_generate(CommandLine& program, const Arguments& argv) {
  auto options = std::make_shared<GenerateOptions>();
  auto command =
      program.add("generate", "answer one prompt, streamed to stdout");
  command.argument("MODEL", options->model, "the model").required();
  add_prompt_options(command, options->prompt);
  add_world_options(command, options->world);
  add_model_options(command, options->world);
  add_sampling_options(command, *options);
  command
      .value(
          "--context",
          "N",
          options->context,
          "most tokens of prompt and answer")
      .within(1, 1 << 30);
  command.flag("--json", options->json, "print one JSON object");
  command.does(action_over_ranks(options, argv, check_options, run_rank));
}

} // namespace lockstep::app
