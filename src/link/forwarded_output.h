#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "link/descriptor.h"

namespace lockstep::link {

/// This process's stdout and stderr, led into pipes whose other ends become
/// Output messages.
class ForwardedOutput {
 public:
  /// From now on what is written to 1 and 2 goes into the pipes. Throws
  /// Error{internal} when the system does not let it.
  ForwardedOutput();

  static constexpr std::size_t kStreams = 2;
  /// To be polled for reading.
  int fd(std::size_t stream) const { return pipes_[stream].read.get(); }
  /// Whole messages of what is there now, up to about `most` bytes of it.
  std::string take(std::size_t most);

 private:
  std::array<Pipe, kStreams> pipes_;
};

} // namespace lockstep::link
