#include <algorithm>
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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
#include "app/sampling_options.h"
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
constexpr int kMostAtATime = 8; // answers

struct GenerateOptions {
  std::string model;
  PromptOptions prompt;
  WorldOptions world;
  SamplingOptions sampling;
  std::vector<std::string> stops;
  std::optional<int> max_tokens;
  int n_choices = 1;
  int context = 0;
  int n_top = -1; // --logprobs
  bool json = false;
  std::optional<std::string> prompt_text; // once it is read
};

sched::Request make_request(
    const GenerateOptions& options,
    const checkpoint::ModelConfig& config,
    const text::Tokenizer& tokenizer,
    std::vector<Token> prompt) {
  const int context = engine::context_of(config, options.context);
  sched::Request request;
  const int room = context - static_cast<int>(prompt.size());
  request.prompt = std::move(prompt);
  request.sampling = sampling_of(options.sampling, config, tokenizer);
  // Asked for, it must fit; not asked for, as much as fits.
  request.max_tokens =
      options.max_tokens.value_or(std::clamp(room, 1, kDefaultMaxTokens));
  request.n_top = std::max(0, options.n_top);
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
      tokenizer,
      encode_prompt(options.prompt, prompt, checkpoint, tokenizer));
  return {std::move(tokenizer), std::move(request)};
}

/// Follows the answers on rank 0.
RunReport run_request(
    const sched::Request& request,
    engine::Engine& engine,
    std::vector<Answer>& answers) {
  ProgressBar bar("prompt");
  for (auto& answer : answers) {
    auto own = request;
    own.sampling.choice = static_cast<int>(&answer - answers.data());
    own.id = own.sampling.choice;
    engine.submit(std::move(own), [&](const sched::TokenEvent& event) {
      bar.clear();
      answer.take(event);
      if (answer.stopped() && !event.finish) {
        engine.cancel(event.id);
      }
    });
    answer.start();
  }
  engine.on_prompt([&bar](double share) {
    if (share < 1.0) {
      bar.show(share);
    }
  });
  engine.run_until_idle();
  RunReport report;
  report.prompt_tokens = static_cast<int>(request.prompt.size());
  report.reuse = engine.reuse();
  for (auto& answer : answers) {
    answer.finish();
    answer.complete(report);
  }
  return report;
}

/// Several answers one after the other, each behind its number.
void print_answers(const std::vector<Answer>& answers) {
  for (const auto& answer : answers) {
    write_stdout(fmt::format(
        "{}[{}]\n{}\n",
        &answer == answers.data() ? "" : "\n",
        &answer - answers.data() + 1,
        answer.text()));
  }
}

void print_report(
    const GenerateOptions& options,
    const std::vector<Answer>& answers,
    const RunReport& report) {
  if (!options.json) {
    if (answers.size() > 1) {
      print_answers(answers);
    }
    write_stderr("\n" + format_report(report));
    return;
  }
  auto json = answers.front().to_json(options.n_top >= 0);
  if (answers.size() > 1) {
    json["choices"] = Json::array();
    for (const auto& answer : answers) {
      json["choices"].push_back(answer.to_json(options.n_top >= 0));
    }
  }
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
  session_options.n_slots = std::min(options.n_choices, kMostAtATime);
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
  std::vector<Answer> answers;
  for (int choice = 0; choice < options.n_choices; ++choice) {
    answers.emplace_back(
        question->tokenizer, options.n_choices == 1 && !options.json);
    answers.back().stop_before(
        options.stops, options.sampling.sampling.min_tokens);
  }
  auto report = run_request(question->request, engine, answers);
  engine.leave();
  report.tick_ms = engine.stats().tick_ms();
  report.exchange_ms = engine.stats().exchange_ms();
  report.backend = backend_text(group);
  report.exchange = name_of(session.exchange());
  report.exchange_is_chosen = session.exchange_is_chosen();
  report.ranks = session.gather_reports();
  print_report(options, answers, report);
  return 0;
}

/// Refuses what cannot work before any rank is started.
std::optional<std::string> check_options(GenerateOptions& options) {
  check(options.sampling);
  const text::StopMatcher stops(options.stops); // refuses what is none
  check_model(options.model, options.world);
  options.prompt_text = read_prompt(options.prompt);
  return options.prompt.file == "-" ? options.prompt_text : std::nullopt;
}

void add_answer_options(Command& command, GenerateOptions& options) {
  command.value("--max-tokens", "N", options.max_tokens, "length of the answer")
      .within(1, 1 << 30);
  command.values(
      "--stop", "TEXT", options.stops, "end before it; several times");
  command
      .value(
          "--choices",
          "N",
          options.n_choices,
          "so many answers, which share the prompt's reading (1)")
      .within(1, sched::kMostChoices);
  command
      .value("--logprobs", "K", options.n_top, "with --json: K best per token")
      .within(0, sched::kMostTopLogprobs);
  command
      .value(
          "--context", "N", options.context, "most tokens of prompt and answer")
      .within(1, 1 << 30);
  command.flag("--json", options.json, "print one JSON object");
}

} // namespace

void add_generate(CommandLine& program, const Arguments& argv) {
  auto options = std::make_shared<GenerateOptions>();
  auto command =
      program.add("generate", "answer one prompt, streamed to stdout");
  command.argument("MODEL", options->model, kModelHelp).required();
  add_prompt_options(command, options->prompt);
  add_world_options(command, options->world);
  add_model_options(command, options->world);
  add_answer_options(command, *options);
  add_sampling_options(command, options->sampling);
  command.does(action_over_ranks(options, argv, check_options, run_rank));
}

} // namespace lockstep::app
