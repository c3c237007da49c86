#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/command.h"
#include "app/model_check.h"
#include "app/model_path.h"
#include "app/output.h"
#include "app/progress.h"
#include "app/prompt.h"
#include "app/rank.h"
#include "app/warning.h"
#include "base/error.h"
#include "base/json.h"
#include "engine/session.h"
#include "text/tokenizer.h"

namespace lockstep::app {

namespace {

using checkpoint::Checkpoint;

struct PerplexityOptions {
  std::string model;
  std::string file;
  WorldOptions world;
  int window = 512; // tokens
  bool logprobs = false;
  bool json = false;
  std::optional<std::string> text; // once it is read
};

std::string read_text(const PerplexityOptions& options) {
  return options.file == "-" ? read_stdin() : read_user_file(options.file);
}

/// Whole windows of the text's tokens; of a text shorter than one, all of it.
/// Where the model wants a token before every text, it replaces the first of
/// each window, as llama-perplexity does.
std::vector<std::vector<Token>> windows_of(
    const PerplexityOptions& options,
    const text::Tokenizer& tokenizer,
    const std::string& text) {
  const auto tokens = tokenizer.encode(text, true, false);
  const auto before = tokenizer.encode("", true, false);
  const auto size =
      std::min(tokens.size(), static_cast<std::size_t>(options.window));
  if (size < 4) {
    fail(
        ErrorKind::request,
        "{}: has {} tokens, expected at least 4",
        options.file,
        tokens.size());
  }
  std::vector<std::vector<Token>> windows;
  for (std::size_t at = 0; at + size <= tokens.size(); at += size) {
    const auto first = tokens.begin() + static_cast<std::ptrdiff_t>(at);
    auto& window =
        windows.emplace_back(first, first + static_cast<std::ptrdiff_t>(size));
    if (!before.empty()) {
      window.front() = before.front();
    }
  }
  return windows;
}

struct Score {
  double perplexity = 0.0;
  double error = 0.0; // standard error of the perplexity
};

Score score_of(const std::vector<double>& logprobs) {
  const auto n = static_cast<double>(logprobs.size());
  double sum = 0.0;
  double sum_squares = 0.0;
  for (const double logprob : logprobs) {
    sum -= logprob;
    sum_squares += logprob * logprob;
  }
  const double mean = sum / n;
  const double variance = std::max(0.0, sum_squares / n - mean * mean);
  const double perplexity = std::exp(mean);
  return {perplexity, n > 1 ? perplexity * std::sqrt(variance / (n - 1)) : 0.0};
}

std::vector<double> score_windows(
    engine::Engine& engine, std::vector<std::vector<Token>> windows) {
  std::vector<double> logprobs;
  ProgressBar bar("scoring");
  const auto n = static_cast<double>(windows.size());
  double done = 0.0;
  engine.on_prompt([&](double share) {
    bar.show((done + (share < 1.0 ? share : 0.0)) / n);
  });
  for (std::size_t i = 0; i < windows.size(); ++i) {
    sched::Request request;
    request.id = static_cast<sched::RequestId>(i);
    request.score_from = static_cast<int>(windows[i].size() / 2) + 1;
    request.prompt = std::move(windows[i]);
    engine.submit(std::move(request), [&](const sched::TokenEvent& event) {
      logprobs.push_back(event.sampled.chosen.logprob);
      done += event.finish ? 1.0 : 0.0;
    });
  }
  engine.run_until_idle();
  return logprobs;
}

void print_score(
    const PerplexityOptions& options, const std::vector<double>& logprobs) {
  const auto score = score_of(logprobs);
  if (!options.json) {
    std::string lines;
    if (options.logprobs) {
      for (const double logprob : logprobs) {
        lines += fmt::format("{:.6f}\n", logprob);
      }
    }
    write_stdout(
        lines + fmt::format(
                    "perplexity {:.4f} ± {:.4f} over {} tokens\n",
                    score.perplexity,
                    score.error,
                    logprobs.size()));
    return;
  }
  Json json{
      {"perplexity", score.perplexity},
      {"error", score.error},
      {"tokens", logprobs.size()}};
  if (options.logprobs) {
    json["logprobs"] = logprobs;
  }
  write_stdout(json.dump() + "\n");
}

int run_rank(
    const PerplexityOptions& options,
    const world::Group& group,
    link::Lifeline& lifeline) {
  const auto checkpoint = Checkpoint::open(find_model(options.model));
  auto session_options = app::session_options(options.world);
  session_options.scores = true;
  engine::Session session(group, checkpoint, session_options, lifeline);
  warn(session, group);
  if (options.window > session.context()) {
    fail(
        ErrorKind::request,
        "--window is {}, expected at most the model's context of {} tokens",
        options.window,
        session.context());
  }
  lifeline.set_phase("scoring");
  if (!group.is_first()) {
    session.engine().follow();
    return 0;
  }
  const text::Tokenizer tokenizer(checkpoint.tokenizer_json());
  const auto text = options.text ? *options.text : read_text(options);
  const auto logprobs =
      score_windows(session.engine(), windows_of(options, tokenizer, text));
  session.engine().leave();
  print_score(options, logprobs);
  return 0;
}

std::optional<std::string> check_options(PerplexityOptions& options) {
  check_model(options.model, options.world);
  options.text = read_text(options);
  return options.file == "-" ? options.text : std::nullopt;
}

} // namespace

void add_perplexity(CommandLine& program, const Arguments& argv) {
  auto options = std::make_shared<PerplexityOptions>();
  auto command = program.add("perplexity", "how well a model predicts a text");
  command.argument("MODEL", options->model, kModelHelp).required();
  command.argument("FILE", options->file, "the text, - for stdin").required();
  add_world_options(command, options->world);
  add_model_options(command, options->world);
  command
      .value(
          "--window",
          "N",
          options->window,
          "tokens read at a time, the second half is scored (512)")
      .within(4, 1 << 20);
  command.flag(
      "--logprobs", options->logprobs, "print that of every scored token");
  command.flag("--json", options->json, "print one JSON object");
  command.does(action_over_ranks(options, argv, check_options, run_rank));
}

} // namespace lockstep::app
