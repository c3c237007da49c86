#include "launch/signals.h"

#include <array>

#include "launch/signal_source.h"

namespace lockstep::launch {

Signals::Signals() {
  // Who ignores SIGCHLD never learns how a child ended.
  struct sigaction normal{};
  normal.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &normal, &child_before_);

  sigemptyset(&watched_);
  sigaddset(&watched_, SIGCHLD);
  for (const int signal : std::array{SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now{};
    ::sigaction(signal, nullptr, &now);
    if (now.sa_handler != SIG_IGN) {
      sigaddset(&watched_, signal);
    }
  }
  ::pthread_sigmask(SIG_BLOCK, &watched_, &before_);
  fd_ = open_signal_source(watched_);
}

Signals::~Signals() {
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  ::sigaction(SIGCHLD, &child_before_, nullptr);
}

std::vector<int> Signals::take() {
  return read_signal_source(fd_.get(), watched_);
}

} // namespace lockstep::launch
