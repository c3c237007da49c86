#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include <sys/types.h>

#include "link/descriptor.h"
#include "link/frame.h"
#include "link/message.h"
#include "link/socket.h"

namespace lockstep::link {

/// The thread behind Lifeline. After start() it alone uses the socket; the
/// main thread hands it commands and gets answers through two pipes, so neither
/// ever holds a lock the other wants.
class Watch {
 public:
  /// Without a socket it watches the parent process.
  explicit Watch(Descriptor socket);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  bool has_launcher() const { return static_cast<bool>(socket_); }
  /// Before start(), on the main thread.
  void greet(const Hello& hello, std::chrono::milliseconds patience);
  void start();

  void await_turn();
  void set_phase(const char* literal) noexcept;
  void set_tick(std::uint64_t tick) noexcept {
    tick_.store(tick, std::memory_order_relaxed);
  }
  void goodbye(Goodbye goodbye) noexcept;

 private:
  void run();
  bool hear_main(); // true: the phase is new
  void hear_launcher();
  void obey();
  void queue_status(bool at_once);
  void flush();
  void answer(char what);
  /// Waits on the main thread until the watch says `what`; false when time ran
  /// out. Negative patience: for ever.
  bool wait_for(char what, int patience_ms);
  void command(char what);

  Descriptor socket_;
  pid_t parent_;
  FrameReader reader_{"the launcher"};
  Pipe commands_ = make_pipe();
  Pipe answers_ = make_pipe();
  std::atomic<const char*> phase_{"starting"};
  std::atomic<std::uint64_t> tick_{0};
  std::thread thread_;
  Goodbye goodbye_;           // written before the command that hands it over
  bool said_goodbye_ = false; // main thread only

  // The watch's own.
  std::string outgoing_;
  Status last_status_;
  std::chrono::steady_clock::time_point last_status_at_{};
  bool goodbye_queued_ = false;
  bool stopped_ = false;
};

} // namespace lockstep::link
