#include <cerrno>
#include <cstring>

#include <sys/signalfd.h>
#include <unistd.h>

#include "base/error.h"
#include "launch/signal_source.h"

namespace lockstep::launch {

link::Descriptor open_signal_source(const sigset_t& watched) {
  link::Descriptor fd(::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) {
    fail(
        ErrorKind::internal,
        "signals cannot be watched: {}",
        std::strerror(errno));
  }
  return fd;
}

std::vector<int> read_signal_source(int fd, const sigset_t& /*watched*/) {
  std::vector<int> signals;
  signalfd_siginfo info{};
  while (::read(fd, &info, sizeof(info)) == sizeof(info)) {
    signals.push_back(static_cast<int>(info.ssi_signo));
  }
  return signals;
}

} // namespace lockstep::launch
