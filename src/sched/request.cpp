#include "sched/request.h"

#include <cmath>

#include "base/error.h"

namespace lockstep::sched {

namespace {

void check_number(const char* name, double value, double least, double most) {
  if (!std::isfinite(value) || value < least || value > most) {
    fail(
        ErrorKind::request,
        "{} is {}, expected a number from {} to {}",
        name,
        value,
        least,
        most);
  }
}

} // namespace

void check(const Sampling& sampling) {
  check_number("temperature", sampling.temperature, 0.0, 100.0);
  check_number("top_k", sampling.top_k, 0, 1 << 24);
  check_number("top_p", sampling.top_p, 0.0, 1.0);
  check_number("min_p", sampling.min_p, 0.0, 1.0);
}

void check(const Request& request, int context) {
  const auto length = static_cast<std::int64_t>(request.prompt.size());
  if (request.prompt.empty()) {
    fail(ErrorKind::request, "the prompt is empty; give at least one token");
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
  check(request.sampling);
}

} // namespace lockstep::sched
