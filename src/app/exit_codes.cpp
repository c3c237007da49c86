#include "app/exit_codes.h"

namespace lockstep::app {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
    case ErrorKind::request:
      return 2;
    case ErrorKind::config:
      return 3;
    case ErrorKind::unsupported:
      return 4;
    case ErrorKind::memory:
      return 5;
    case ErrorKind::network:
    case ErrorKind::full:
      return 69;
    case ErrorKind::internal:
    case ErrorKind::output:
      return 70;
    case ErrorKind::peer_lost:
      return 71;
    case ErrorKind::stuck:
      return 72;
    case ErrorKind::diverged:
      return 73;
    case ErrorKind::interrupted:
      return 130;
    case ErrorKind::closed:
      return 141; // as a program that SIGPIPE ended
  }
  return 70;
}

} // namespace lockstep::app
