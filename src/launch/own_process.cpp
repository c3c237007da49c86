#include "launch/own_process.h"

#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"

namespace lockstep::launch {

PipeSignalIgnored::PipeSignalIgnored() {
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &before_);
}

PipeSignalIgnored::~PipeSignalIgnored() {
  ::sigaction(SIGPIPE, &before_, nullptr);
}

void open_standard_descriptors() {
  while (true) {
    const int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0 || fd > STDERR_FILENO) {
      ::close(fd);
      return;
    }
    ::fcntl(fd, F_SETFD, 0);
  }
}

void enter_directory(const std::string& directory) {
  const char* home = ::getenv("HOME");
  if (!directory.empty() && ::chdir(directory.c_str()) == 0) {
    return;
  }
  if (home != nullptr && ::chdir(home) == 0) {
    return;
  }
  if (::chdir("/") != 0) {
    fail(ErrorKind::network, "no directory can be entered on this host");
  }
}

} // namespace lockstep::launch
