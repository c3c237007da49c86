#include "sched/waiting.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace lockstep::sched {

namespace {

std::int64_t tokens_of(const Request& request) {
  return static_cast<std::int64_t>(request.prompt.size());
}

} // namespace

void Waiting::add(Request request) {
  if (requests_.size() >= options_.most_requests ||
      (!requests_.empty() &&
       n_tokens_ + tokens_of(request) > options_.most_tokens)) {
    fail(
        ErrorKind::full,
        "{} requests with {} tokens wait already, at most {} with {} may; try "
        "again later",
        requests_.size(),
        n_tokens_,
        options_.most_requests,
        options_.most_tokens);
  }
  n_tokens_ += tokens_of(request);
  requests_.push_back(std::move(request));
}

bool Waiting::remove(RequestId id) {
  const auto found = std::find_if(
      requests_.begin(), requests_.end(), [id](const auto& request) {
        return request.id == id;
      });
  if (found == requests_.end()) {
    return false;
  }
  n_tokens_ -= tokens_of(*found);
  requests_.erase(found);
  return true;
}

Request Waiting::take_first() {
  auto first = std::move(requests_.front());
  requests_.pop_front();
  n_tokens_ -= tokens_of(first);
  return first;
}

} // namespace lockstep::sched
