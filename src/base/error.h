#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace lockstep {

/// What went wrong, as far as a caller may act on it. app/ turns a kind into
/// an exit code; nothing else does.
enum class ErrorKind {
  usage,       // the command line or the environment
  config,      // a model's files: unreadable, malformed, inconsistent
  unsupported, // well-formed, but not something lockstep does
  request,     // a prompt or its options
  memory,      // does not fit
  full,        // can be taken later, not now
  network,     // a host or a back end cannot be reached or started
  internal,    // our own bug
  peer_lost,
  stuck,
  diverged,
  interrupted,
  output, // a result cannot be written
  closed, // nobody reads our output any more; nothing to say
};

/// The one exception type. The text is one or two lines that say what is wrong,
/// the value seen, what was expected and what to do.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& text)
      : std::runtime_error(text), kind_(kind) {}

  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

template <class... Args>
[[noreturn]] void fail(
    ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(kind, fmt::format(format, std::forward<Args>(args)...));
}

} // namespace lockstep
