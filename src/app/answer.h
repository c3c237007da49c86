#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "app/report.h"
#include "base/json.h"
#include "base/types.h"
#include "sched/request.h"
#include "text/detokenizer.h"
#include "text/stop.h"

namespace lockstep::app {

/// One answer as it grows: streams its text to stdout and keeps what the report
/// needs.
class Answer {
 public:
  /// Keeps a reference to `tokenizer`. `streams`: text goes to stdout at once.
  Answer(const text::Tokenizer& tokenizer, bool streams);
  /// The text ends before the first of `stops` that begins after so many
  /// tokens. Throws Error{request} for a stop string that is none.
  void stop_before(const std::vector<std::string>& stops, int min_tokens);

  void start(); // the request is under way
  void take(const sched::TokenEvent& event);
  /// A stop string has come: what follows is not part of the answer.
  bool stopped() const { return stop_.matched(); }
  void finish(); // the last token was taken

  const std::string& text() const { return text_; }
  /// Fills in the speeds; needs report.prompt_tokens. Of several answers that
  /// run together the first to begin counts for the prompt, and their speeds of
  /// writing add up.
  void complete(RunReport& report) const;
  /// "text", "tokens", "finish_reason" and, if asked, "logprobs".
  Json to_json(bool with_logprobs) const;

 private:
  using Clock = std::chrono::steady_clock;
  void show(const std::string& piece);

  text::Detokenizer detokenizer_;
  text::StopMatcher stop_{{}};
  int min_tokens_ = 0;
  bool streams_;
  std::string text_;
  std::vector<sched::Sampled> results_;
  std::optional<sched::FinishReason> finish_;
  Clock::time_point start_;
  Clock::time_point first_; // when the first token came
  Clock::time_point last_;
};

} // namespace lockstep::app
