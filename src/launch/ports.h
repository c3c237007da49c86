#pragma once

#include <string>

#include "link/descriptor.h"

namespace lockstep::launch {

/// A TCP port that nobody else is given while this object holds it. MLX, which
/// asks for SO_REUSEPORT, can listen on it all the same.
class ReservedPort {
 public:
  /// Of this IPv4 address of ours; `wished` 0 = any. Throws Error{network} when
  /// it cannot be had.
  explicit ReservedPort(const std::string& ip = "127.0.0.1", int wished = 0);

  int number() const { return number_; }
  void release() { socket_.reset(); }

 private:
  link::Descriptor socket_;
  int number_ = 0;
};

/// A port of 127.0.0.1 on which nobody listens, for who cannot be kept a place.
/// Not one that the system gives to outgoing connections, which would take it
/// before it is used.
int free_port();

} // namespace lockstep::launch
