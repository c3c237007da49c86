#include "app/answer.h"

#include <algorithm>

#include "app/output.h"

namespace lockstep::app {

namespace {

double seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

Json to_json(const sched::TokenLogprob& entry) {
  return {{"token", entry.token}, {"logprob", entry.logprob}};
}

} // namespace

Answer::Answer(const text::Tokenizer& tokenizer, bool streams)
    : detokenizer_(tokenizer, true), streams_(streams) {
}

void Answer::stop_before(
    const std::vector<std::string>& stops, int min_tokens) {
  stop_ = text::StopMatcher(stops);
  min_tokens_ = min_tokens;
}

void Answer::start() {
  start_ = Clock::now();
}

void Answer::take(const sched::TokenEvent& event) {
  if (event.finish == sched::FinishReason::cancelled) {
    return; // says no token; only a stop string can be the reason
  }
  last_ = Clock::now();
  if (results_.empty()) {
    first_ = last_;
  }
  finish_ = event.finish;
  results_.push_back(event.sampled);
  if (event.finish != sched::FinishReason::stop) {
    const auto piece = detokenizer_.push(event.sampled.chosen.token);
    show(event.index < min_tokens_ ? piece : stop_.push(piece));
  }
}

void Answer::finish() {
  if (!stopped()) {
    show(stop_.push(detokenizer_.finish()));
    show(stop_.finish());
  }
  if (streams_) {
    write_stdout("\n");
  }
}

void Answer::show(const std::string& piece) {
  text_ += piece;
  if (streams_ && !piece.empty()) {
    write_stdout(piece);
  }
}

void Answer::complete(RunReport& report) const {
  const auto n = static_cast<int>(results_.size());
  report.generated_tokens += n;
  report.prompt_tps = std::max(
      report.prompt_tps, report.prompt_tokens / seconds(first_ - start_));
  if (n > 1) {
    const double each = seconds(last_ - first_) / (n - 1);
    report.generation_tps += 1.0 / each;
    report.forward_ms = std::max(report.forward_ms, 1e3 * each);
  }
}

Json Answer::to_json(bool with_logprobs) const {
  auto tokens = Json::array();
  auto logprobs = Json::array();
  for (const auto& result : results_) {
    tokens.push_back(result.chosen.token);
    auto entry = app::to_json(result.chosen);
    entry["top"] = Json::array();
    for (const auto& other : result.top) {
      entry["top"].push_back(app::to_json(other));
    }
    logprobs.push_back(std::move(entry));
  }
  Json json{
      {"text", text_},
      {"tokens", std::move(tokens)},
      {"finish_reason",
       stopped() || finish_ == sched::FinishReason::stop ? "stop" : "length"}};
  if (with_logprobs) {
    json["logprobs"] = std::move(logprobs);
  }
  return json;
}

} // namespace lockstep::app
