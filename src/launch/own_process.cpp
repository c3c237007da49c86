#include "launch/own_process.h"

#include <fcntl.h>
#include <unistd.h>

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

} // namespace lockstep::launch
