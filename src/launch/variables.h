#pragma once

#include <string>

#include "launch/started_by.h"

namespace lockstep::launch {

/// Reads of an environment whose errors name the variable and its value.
class Variables {
 public:
  static constexpr int kMost = 65536; // of anything that is counted

  /// Keeps a reference.
  explicit Variables(const Environment& environment)
      : environment_(environment) {}

  /// Null when it is not set.
  const std::string* find(const char* name) const;
  /// The first of the two names that is set, else null.
  const char* which(const char* name, const char* other) const;
  /// "NAME=value" or "NAME is not set".
  std::string shown(const char* name) const;
  /// Throws Error{usage} when it is no integer from `least` to kMost.
  int number(const char* name, int least) const;

 private:
  const Environment& environment_;
};

} // namespace lockstep::launch
