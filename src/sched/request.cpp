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

} // namespace lockstep::sched
