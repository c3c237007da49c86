#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>

#include <sys/types.h>

#include "link/descriptor.h"
#include "link/forwarded_output.h"
#include "link/frame.h"
#include "link/message.h"
#include "link/secret.h"

namespace lockstep::link {

/// The thread behind Lifeline. After start() it alone uses the socket; the
/// main thread hands it commands and gets answers through two pipes, so neither
/// ever holds a lock the other wants.
class Watch {
 public:
  /// Without a socket it watches the parent process. Over TCP there is a
  /// secret.
  explicit Watch(
      Descriptor socket, const std::optional<Secret>& secret = std::nullopt);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  bool has_launcher() const { return static_cast<bool>(socket_); }
  /// Over TCP nothing is heard before the launcher knows us.
  bool is_heard() const { return welcome_ || (socket_ && !secret_); }
  /// Before start(), on the main thread.
  void greet(const Hello& hello, std::chrono::milliseconds patience);
  void start();

  /// The text of the ring's host file, if the launcher sends one.
  std::string await_turn(int port);
  void set_phase(const char* literal) noexcept;
  void set_step(Step step) noexcept {
    step_.store(step, std::memory_order_relaxed);
  }
  void set_tick(std::uint64_t tick) noexcept {
    tick_.store(tick, std::memory_order_relaxed);
  }
  void goodbye(Goodbye goodbye) noexcept;

 private:
  void run();
  bool hear_main(); // true: the phase is new
  void hear_launcher();
  void obey();
  void look_at_silence();
  void queue_output();
  void queue_status(bool at_once);
  void flush();
  void answer(char what);
  /// Waits on the main thread until the watch says `what`; false when time ran
  /// out. Negative patience: for ever.
  bool wait_for(char what, int patience_ms);
  void command(char what);

  Descriptor socket_;
  std::optional<Secret> secret_;
  std::optional<ForwardedOutput> output_;
  pid_t parent_;
  FrameReader reader_{"the launcher"};
  Pipe commands_ = make_pipe();
  Pipe answers_ = make_pipe();
  std::atomic<const char*> phase_{"starting"};
  std::atomic<std::uint64_t> tick_{0};
  std::atomic<Step> step_{Step::none};
  std::thread thread_;
  // Written before the command or answer that hands them over.
  Goodbye goodbye_;
  int port_ = 0;
  std::string where_;
  bool welcome_ = false;      // main thread only
  bool said_goodbye_ = false; // main thread only

  // The watch's own.
  std::string outgoing_;
  Status last_status_;
  std::chrono::steady_clock::time_point last_status_at_{};
  bool goodbye_queued_ = false;
  bool stopped_ = false;
  bool pinged_ = false; // the launcher is to be heard from all the time
  std::chrono::steady_clock::time_point last_heard_{};
  std::chrono::steady_clock::time_point last_look_{};
};

} // namespace lockstep::link
