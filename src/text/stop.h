#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lockstep::text {

/// Ends a stream of text at the first of several stop strings and holds back
/// what could still become one.
class StopMatcher {
 public:
  explicit StopMatcher(std::vector<std::string> stops);

  /// The part of everything pushed so far that is certain to stand before any
  /// stop string and was not returned yet. Empty after matched().
  std::string push(std::string_view text);
  /// What was held back, when the stream ends without a stop string.
  std::string finish();
  bool matched() const {
    return matched_;
  }

 private:
  std::vector<std::string> stops_;
  std::string held_;
  bool matched_ = false;
};

} // namespace lockstep::text
