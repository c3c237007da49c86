#include "sched/sequence.h"

#include <algorithm>
#include <cstddef>

namespace lockstep::sched {

namespace {

std::optional<FinishReason> finish_with(const Sequence& sequence, Token token) {
  const auto& stops = sequence.request.sampling.stop_tokens;
  if (std::find(stops.begin(), stops.end(), token) != stops.end()) {
    return FinishReason::stop;
  }
  if (sequence.n_sampled == sequence.request.max_tokens) {
    return FinishReason::length;
  }
  return std::nullopt;
}

bool book_scores(
    const Sequence& sequence,
    const Row& row,
    std::span<const Sampled> results,
    std::vector<TokenEvent>& events) {
  const int first = row.offset + row.n_tokens - row.n_wanted + 1;
  for (std::size_t i = 0; i < results.size(); ++i) {
    events.push_back(
        {sequence.request.id,
         first + static_cast<int>(i),
         results[i],
         std::nullopt,
         sequence.n_reused});
  }
  const bool is_last = row.offset + row.n_tokens == sequence.n_input();
  if (is_last) {
    events.back().finish = FinishReason::length;
  }
  return is_last;
}

bool book_token(
    Sequence& sequence,
    const Sampled& result,
    std::uint64_t tick,
    std::vector<TokenEvent>& events) {
  const auto token = result.chosen.token;
  TokenEvent event{
      sequence.request.id,
      sequence.n_sampled,
      result,
      std::nullopt,
      sequence.n_reused};
  ++sequence.n_sampled;
  sequence.ready = token;
  sequence.ready_since = tick;
  event.finish = finish_with(sequence, token);
  events.push_back(event);
  return event.finish.has_value();
}

} // namespace

int Sequence::n_input() const {
  const auto length = static_cast<int>(request.prompt.size());
  // The last token of a scored text predicts nothing that could be scored.
  return request.score_from ? length - 1 : length;
}

Row Sequence::prompt_row(int n_tokens) const {
  Row row;
  row.slot = slot;
  row.offset = n_entered;
  row.n_tokens = n_tokens;
  row.n_top = request.n_top;
  const int end = row.offset + n_tokens;
  if (request.score_from) {
    row.scored = true;
    row.n_wanted = std::clamp(end + 1 - *request.score_from, 0, n_tokens);
    row.next = request.prompt[static_cast<std::size_t>(end)];
  } else if (end == n_input() && request.max_tokens > 0) {
    row.n_wanted = 1;
  }
  return row;
}

Row Sequence::token_row() const {
  Row row;
  row.slot = slot;
  row.offset = n_entered;
  row.n_tokens = 1;
  row.n_wanted = 1;
  row.n_top = request.n_top;
  row.index = n_sampled;
  return row;
}

bool book(
    Sequence& sequence,
    const Row& row,
    std::span<const Sampled> results,
    std::uint64_t tick,
    std::vector<TokenEvent>& events) {
  return row.scored ? book_scores(sequence, row, results, events)
                    : book_token(sequence, results.front(), tick, events);
}

} // namespace lockstep::sched
