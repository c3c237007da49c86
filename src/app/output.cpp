#include "app/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "link/descriptor.h"

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

void write_file(
    const std::filesystem::path& path, std::string_view text, bool force) {
  auto place = path;
  if (force) {
    place += ".new";
  }
  const link::Descriptor file(::open(
      place.c_str(),
      O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL),
      0644));
  if (!file && errno == EEXIST) {
    fail(
        ErrorKind::usage,
        "{}: is there already; --force writes over it",
        path.string());
  }
  int error = file ? write_all(file.get(), text) : errno;
  if (error == 0 && force && ::rename(place.c_str(), path.c_str()) != 0) {
    error = errno;
  }
  if (error != 0) {
    if (file) {
      ::unlink(place.c_str());
    }
    fail(
        ErrorKind::output,
        "{}: cannot be written: {}",
        path.string(),
        std::strerror(error));
  }
}

} // namespace lockstep::app
