#pragma once

#include "link/descriptor.h"

namespace lockstep::launch {

/// A TCP port on 127.0.0.1 that nobody else is given while this object holds
/// it. MLX, which asks for SO_REUSEPORT, can listen on it all the same.
class ReservedPort {
 public:
  /// Throws Error{network} when the system has none.
  ReservedPort();

  int number() const { return number_; }
  void release() { socket_.reset(); }

 private:
  link::Descriptor socket_;
  int number_ = 0;
};

} // namespace lockstep::launch
