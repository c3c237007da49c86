#include "app/output.h"

#include <cerrno>
#include <cstring>

#include <unistd.h>

#include "base/error.h"

namespace lockstep::app {

namespace {

/// 0 or the errno of what went wrong.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(descriptor, text.data(), text.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return errno;
    }
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

} // namespace

void write_stdout(std::string_view text) {
  const int error = write_all(STDOUT_FILENO, text);
  if (error == EPIPE) {
    fail(ErrorKind::closed, "nobody reads our output any more");
  }
  if (error != 0) {
    fail(
        ErrorKind::output,
        "cannot write the result to stdout: {}",
        std::strerror(error));
  }
}

void write_stderr(std::string_view text) {
  (void)write_all(STDERR_FILENO, text);
}

} // namespace lockstep::app
