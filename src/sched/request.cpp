#include "sched/request.h"

#include "base/error.h"

namespace lockstep::sched {

std::span<const Token> reusable(const Request& request) {
  const auto n = request.score_from
                     ? static_cast<std::size_t>(*request.score_from)
                     : request.prompt.size();
  return std::span(request.prompt).first(n - 1);
}

void check(const Request& request, int context, int vocab) {
  const auto length = static_cast<std::int64_t>(request.prompt.size());
  if (request.prompt.empty()) {
    fail(ErrorKind::request, "the prompt is empty; give at least one token");
  }
  for (const auto token : request.prompt) {
    if (token < 0 || token >= vocab) {
      fail(
          ErrorKind::request,
          "the prompt has token {}, expected 0 to {}",
          token,
          vocab - 1);
    }
  }
  if (length + request.max_tokens > context) {
    fail(
        ErrorKind::request,
        "a prompt of {} tokens and an answer of up to {} do not fit the "
        "context of {} tokens; shorten the prompt or lower --max-tokens",
        length,
        request.max_tokens,
        context);
  }
  const bool can_end = request.score_from ? *request.score_from >= 1 &&
                                                *request.score_from < length
                                          : request.max_tokens >= 1;
  if (!can_end) {
    fail(
        ErrorKind::request,
        "nothing is asked of a prompt of {} tokens: max_tokens is {}, scoring "
        "starts at {}",
        length,
        request.max_tokens,
        request.score_from.value_or(0));
  }
  if (request.n_top < 0 || request.n_top > kMostTopLogprobs) {
    fail(
        ErrorKind::request,
        "n_top is {}, expected 0 to {}",
        request.n_top,
        kMostTopLogprobs);
  }
  check(request.sampling, vocab);
  if (request.sampling.min_tokens > request.max_tokens) {
    fail(
        ErrorKind::request,
        "min_tokens is {}, expected at most the {} of max_tokens",
        request.sampling.min_tokens,
        request.max_tokens);
  }
}

} // namespace lockstep::sched
