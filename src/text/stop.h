#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::text {

/// Ends a stream of text at the first of several stop strings, the one that
/// begins earliest, and holds back what could still become one. What comes out
/// does not depend on how the text is cut into pieces.
class StopMatcher {
 public:
  /// Throws Error{request} for an empty stop string, and for more than 64.
  explicit StopMatcher(std::vector<std::string> stops);

  /// The part of everything pushed so far that is certain to stand before any
  /// stop string and was not returned yet. Empty after matched().
  std::string push(std::string_view text);
  /// The rest when the text ends here; may still find a stop string that only
  /// waited for an earlier one to be ruled out.
  std::string finish();
  bool matched() const { return matched_; }

 private:
  std::size_t first_match() const;    // npos when none
  std::size_t first_possible() const; // size of held_ when none
  std::string release(std::size_t n);

  std::vector<std::string> stops_;
  std::string held_;
  bool matched_ = false;
};

} // namespace lockstep::text
