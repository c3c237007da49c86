#include "link/forwarded_output.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <unistd.h>

#include "base/error.h"
#include "link/message.h"

namespace lockstep::link {

ForwardedOutput::ForwardedOutput() : pipes_{make_pipe(), make_pipe()} {
  std::fflush(nullptr);
  for (std::size_t i = 0; i < kStreams; ++i) {
    const int target = static_cast<int>(i) + STDOUT_FILENO;
    // Who writes waits until we have read, as with any pipe.
    set_nonblocking(pipes_[i].write.get(), false);
    while (::dup2(pipes_[i].write.get(), target) < 0) {
      if (errno != EINTR) {
        fail(
            ErrorKind::internal,
            "descriptor {} cannot be led to the launcher",
            target);
      }
    }
    pipes_[i].write.reset();
  }
}

std::string ForwardedOutput::take(std::size_t most) {
  std::string messages;
  std::string piece;
  for (std::size_t i = 0; i < kStreams; ++i) {
    while (messages.size() < most) {
      piece.resize(kMostPiece);
      const auto n = ::read(fd(i), piece.data(), piece.size());
      if (n <= 0) {
        break;
      }
      piece.resize(static_cast<std::size_t>(n));
      messages += encode(Output{static_cast<std::int32_t>(i) + 1, piece});
    }
  }
  return messages;
}

} // namespace lockstep::link
