#pragma once

#include <utility>

#include <unistd.h>

namespace lockstep::link {

/// Owns one file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Descriptor() { reset(); }

  explicit operator bool() const { return fd_ >= 0; }
  int get() const { return fd_; }
  void reset() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

/// Two ends of a pipe; both close on exec, neither blocks us.
struct Pipe {
  Descriptor read;
  Descriptor write;
};
/// Throws Error{internal} when the system has no descriptor left.
Pipe make_pipe();

void set_close_on_exec(int fd);
void set_nonblocking(int fd, bool nonblocking = true);

} // namespace lockstep::link
