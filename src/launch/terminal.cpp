#include "launch/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

namespace lockstep::launch {

int terminal_columns() {
  winsize size{};
  if (::isatty(STDERR_FILENO) == 0) {
    return 0;
  }
  constexpr int kUsual = 80;
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0
             ? size.ws_col
             : kUsual;
}

} // namespace lockstep::launch
