#include "launch/variables.h"

#include <charconv>

#include <fmt/format.h>

#include "base/error.h"

namespace lockstep::launch {

const std::string* Variables::find(const char* name) const {
  const auto found = environment_.find(name);
  return found == environment_.end() ? nullptr : &found->second;
}

const char* Variables::which(const char* name, const char* other) const {
  if (find(name) != nullptr) {
    return name;
  }
  return find(other) != nullptr ? other : nullptr;
}

std::string Variables::shown(const char* name) const {
  const auto* value = find(name);
  return value == nullptr ? fmt::format("{} is not set", name)
                          : fmt::format("{}={}", name, *value);
}

int Variables::number(const char* name, int least) const {
  const auto* value = find(name);
  int number = -1;
  if (value != nullptr) {
    const auto* end = value->data() + value->size();
    const auto [stop, error] = std::from_chars(value->data(), end, number);
    if (error != std::errc() || stop != end) {
      number = -1;
    }
  }
  if (number < least || number > kMost) {
    fail(
        ErrorKind::usage,
        "environment: {}, expected an integer from {} to {}",
        shown(name),
        least,
        kMost);
  }
  return number;
}

} // namespace lockstep::launch
