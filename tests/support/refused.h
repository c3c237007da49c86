#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"

namespace lockstep::testing {

/// The text of the Error that `action` throws; empty when it throws none.
template <class Action>
std::string error_of(ErrorKind kind, Action&& action) {
  try {
    action();
  } catch (const Error& e) {
    CHECK_MESSAGE(e.kind() == kind, e.what());
    return e.what();
  }
  return {};
}

/// Checks that `action` is refused in one line that names all of `words`.
template <class Action>
void check_refused(
    ErrorKind kind,
    const std::vector<std::string_view>& words,
    Action&& action) {
  const auto text = error_of(kind, action);
  CHECK_MESSAGE(!text.empty(), "nothing was refused");
  CHECK(text.find('\n') == std::string::npos);
  for (const auto word : words) {
    CHECK_MESSAGE(
        text.find(word) != std::string::npos,
        "\"" << text << "\" does not name " << word);
  }
}

} // namespace lockstep::testing
