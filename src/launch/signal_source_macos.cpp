#include <cerrno>
#include <cstring>

#include <sys/event.h>
#include <sys/time.h>

#include "base/error.h"
#include "launch/signal_source.h"

namespace lockstep::launch {

link::Descriptor open_signal_source(const sigset_t& watched) {
  link::Descriptor fd(::kqueue());
  bool watching = static_cast<bool>(fd);
  for (int signal = 1; watching && signal < NSIG; ++signal) {
    if (sigismember(&watched, signal) == 1) {
      struct kevent change{};
      EV_SET(
          &change,
          static_cast<uintptr_t>(signal),
          EVFILT_SIGNAL,
          EV_ADD,
          0,
          0,
          nullptr);
      watching = ::kevent(fd.get(), &change, 1, nullptr, 0, nullptr) == 0;
    }
  }
  if (!watching) {
    fail(
        ErrorKind::internal,
        "signals cannot be watched: {}",
        std::strerror(errno));
  }
  link::set_close_on_exec(fd.get());
  return fd;
}

std::vector<int> read_signal_source(int fd, const sigset_t& /*watched*/) {
  std::vector<int> signals;
  struct kevent event{};
  const timespec now{};
  while (::kevent(fd, nullptr, 0, &event, 1, &now) == 1) {
    const int number = static_cast<int>(event.ident);
    signals.push_back(number);
    // The queue tells of the signal but leaves it pending: it would strike
    // once it is no longer blocked.
    sigset_t pending;
    if (::sigpending(&pending) == 0 && sigismember(&pending, number) == 1) {
      sigset_t one;
      sigemptyset(&one);
      sigaddset(&one, number);
      int taken = 0;
      ::sigwait(&one, &taken);
    }
  }
  return signals;
}

} // namespace lockstep::launch
