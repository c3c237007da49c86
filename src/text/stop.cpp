#include "text/stop.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace lockstep::text {

StopMatcher::StopMatcher(std::vector<std::string> stops)
    : stops_(std::move(stops)) {
  constexpr std::size_t kMostStops = 64;
  if (stops_.size() > kMostStops) {
    fail(
        ErrorKind::request,
        "stop: {} stop strings are given, expected at most {}",
        stops_.size(),
        kMostStops);
  }
  for (const auto& stop : stops_) {
    if (stop.empty()) {
      fail(
          ErrorKind::request,
          "stop: a stop string is empty, expected at least one character");
    }
  }
}

std::size_t StopMatcher::first_match() const {
  auto first = std::string::npos;
  for (const auto& stop : stops_) {
    first = std::min(first, held_.find(stop));
  }
  return first;
}

std::size_t StopMatcher::first_possible() const {
  const std::string_view held = held_;
  auto first = held.size();
  for (const auto& stop : stops_) {
    const auto longest = std::min(stop.size() - 1, held.size());
    for (auto n = longest; n > held.size() - first; --n) {
      if (stop.compare(0, n, held.substr(held.size() - n)) == 0) {
        first = held.size() - n;
        break;
      }
    }
  }
  return first;
}

std::string StopMatcher::release(std::size_t n) {
  auto out = held_.substr(0, n);
  held_.erase(0, n);
  return out;
}

std::string StopMatcher::push(std::string_view text) {
  if (matched_) {
    return {};
  }
  held_ += text;
  const auto match = first_match();
  const auto possible = first_possible();
  if (match == std::string::npos || possible < match) {
    return release(possible);
  }
  matched_ = true;
  return release(match);
}

std::string StopMatcher::finish() {
  if (matched_) {
    return {};
  }
  const auto match = first_match();
  matched_ = match != std::string::npos;
  return release(matched_ ? match : held_.size());
}

} // namespace lockstep::text
