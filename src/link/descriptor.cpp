#include "link/descriptor.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>

#include "base/error.h"

namespace lockstep::link {

void set_close_on_exec(int fd) {
  ::fcntl(fd, F_SETFD, ::fcntl(fd, F_GETFD) | FD_CLOEXEC);
}

void set_nonblocking(int fd, bool nonblocking) {
  const int flags = ::fcntl(fd, F_GETFL);
  ::fcntl(fd, F_SETFL, nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) {
    fail(
        ErrorKind::internal, "a pipe cannot be made: {}", std::strerror(errno));
  }
  for (const int fd : ends) {
    set_close_on_exec(fd);
    set_nonblocking(fd);
  }
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

} // namespace lockstep::link
