#include "link/watch.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <utility>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/error.h"
#include "link/greeting.h"
#include "link/socket.h"

namespace lockstep::link {

namespace {

constexpr int kPeerLostExit = 71;
constexpr int kLookRoundMs = 200;
constexpr int kGoodbyePatienceMs = 1000;
constexpr std::size_t kMostLastWords = 1 << 20;
constexpr std::chrono::milliseconds kMostSilence(2500);
constexpr std::chrono::milliseconds kOwnPause(1000);

constexpr char kReady = 'r';
constexpr char kGoodbye = 'g';
constexpr char kStop = 's';
constexpr char kTurn = 't';
constexpr char kPhase = 'p';

int remaining_ms(std::chrono::steady_clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  return left.count() > 0 ? static_cast<int>(left.count()) : 0;
}

} // namespace

Watch::Watch(Descriptor socket, const std::optional<Secret>& secret)
    : socket_(std::move(socket)), secret_(secret), parent_(::getppid()) {
}

Watch::~Watch() {
  if (thread_.joinable()) {
    command(kStop);
    thread_.join();
  }
}

void Watch::start() {
  // Signals are the main thread's.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread(&Watch::run, this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Watch::greet(const Hello& hello, std::chrono::milliseconds patience) {
  const auto streams =
      link::greet(socket_.get(), reader_, hello, secret_, patience);
  welcome_ = true;
  if (streams == Streams::forwarded) {
    output_.emplace();
  }
}

void Watch::command(char what) {
  // The pipe never fills: a handful of commands in a process's life.
  while (::write(commands_.write.get(), &what, 1) < 0 && errno == EINTR) {
  }
}

void Watch::answer(char what) {
  while (::write(answers_.write.get(), &what, 1) < 0 && errno == EINTR) {
  }
}

bool Watch::wait_for(char what, int patience_ms) {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
  while (true) {
    char seen = 0;
    if (::read(answers_.read.get(), &seen, 1) == 1) {
      if (seen == what) {
        return true;
      }
      continue;
    }
    const int left = patience_ms < 0 ? -1 : remaining_ms(deadline);
    if (left == 0) {
      return false;
    }
    pollfd waiting{answers_.read.get(), POLLIN, 0};
    ::poll(&waiting, 1, left);
  }
}

std::string Watch::await_turn(int port) {
  if (socket_ && thread_.joinable()) {
    port_ = port;
    command(kReady);
    wait_for(kTurn, -1);
  }
  return where_;
}

void Watch::set_phase(const char* literal) noexcept {
  if (phase_.exchange(literal, std::memory_order_relaxed) != literal &&
      socket_ && thread_.joinable()) {
    command(kPhase);
  }
}

void Watch::goodbye(Goodbye goodbye) noexcept {
  if (!socket_ || said_goodbye_) {
    return;
  }
  said_goodbye_ = true;
  if (!thread_.joinable()) {
    // If it does not arrive nobody is left to tell.
    send_some(socket_.get(), encode(goodbye));
    return;
  }
  if (output_) {
    std::fflush(nullptr); // what was written counts before the goodbye
  }
  goodbye_ = std::move(goodbye);
  command(kGoodbye);
  wait_for(kGoodbye, kGoodbyePatienceMs);
}

void Watch::run() {
  try {
    obey(); // something may have come with the welcome
    while (!stopped_) {
      std::array<pollfd, 2 + ForwardedOutput::kStreams> waiting{};
      waiting[0] = {commands_.read.get(), POLLIN, 0};
      waiting[1] = {socket_.get(), POLLIN, 0};
      if (!outgoing_.empty()) {
        waiting[1].events |= POLLOUT;
      }
      // What is written waits until the launcher has taken what was before.
      const bool hears_output = output_ && outgoing_.empty();
      for (std::size_t i = 0; i < ForwardedOutput::kStreams; ++i) {
        waiting[2 + i] = {hears_output ? output_->fd(i) : -1, POLLIN, 0};
      }
      ::poll(waiting.data(), socket_ ? waiting.size() : 1, kLookRoundMs);
      const bool new_phase = hear_main();
      if (!socket_) {
        if (::getppid() != parent_) {
          ::_exit(kPeerLostExit);
        }
        continue;
      }
      if ((waiting[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        hear_launcher();
      }
      look_at_silence();
      queue_output();
      queue_status(new_phase);
      flush();
    }
  } catch (const std::exception&) {
    // A launcher that talks nonsense is as good as gone.
    ::_exit(kPeerLostExit);
  }
}

bool Watch::hear_main() {
  bool new_phase = false;
  char what = 0;
  while (::read(commands_.read.get(), &what, 1) == 1) {
    if (what == kPhase) {
      new_phase = true;
    } else if (what == kReady) {
      outgoing_ += encode(Ready{port_});
    } else if (what == kGoodbye) {
      if (output_) {
        outgoing_ += output_->take(kMostLastWords);
      }
      outgoing_ += encode(goodbye_);
      goodbye_queued_ = true;
    } else if (what == kStop) {
      stopped_ = true;
    }
  }
  return new_phase;
}

void Watch::hear_launcher() {
  const auto received = receive(socket_.get());
  if (received.closed) {
    ::_exit(kPeerLostExit);
  }
  reader_.feed(received.bytes);
  obey();
}

void Watch::obey() {
  last_heard_ = std::chrono::steady_clock::now();
  while (const auto frame = reader_.next()) {
    auto message = decode(*frame, "the launcher");
    if (auto* turn = std::get_if<Turn>(&message)) {
      where_ = std::move(turn->where);
      answer(kTurn);
    } else if (const auto* ping = std::get_if<Ping>(&message)) {
      pinged_ = pinged_ || ping->is_vital;
      last_status_at_ = {};
      last_status_.phase.clear(); // so that even the same is sent again
    }
  }
}

// A connection to another host tells nothing when the host or the way to it is
// gone; a launcher that pings and then does not is lost.
void Watch::look_at_silence() {
  const auto now = std::chrono::steady_clock::now();
  // We ourselves were stopped, so nothing could be heard.
  if (now - last_look_ > kOwnPause) {
    last_heard_ = now;
  }
  last_look_ = now;
  if (pinged_ && now - last_heard_ > kMostSilence) {
    ::_exit(kPeerLostExit);
  }
}

void Watch::queue_output() {
  if (output_ && outgoing_.empty() && !goodbye_queued_) {
    outgoing_ += output_->take(kMostPiece);
  }
}

void Watch::queue_status(bool at_once) {
  // A launcher that does not read (it is stopped, say) gets no pile of news.
  const auto now = std::chrono::steady_clock::now();
  const bool due = at_once || now - last_status_at_ >=
                                  std::chrono::milliseconds(kLookRoundMs);
  if (!outgoing_.empty() || goodbye_queued_ || !due) {
    return;
  }
  Status status{
      phase_.load(std::memory_order_relaxed),
      tick_.load(std::memory_order_relaxed),
      step_.load(std::memory_order_relaxed)};
  if (status == last_status_) {
    return;
  }
  outgoing_ += encode(status);
  last_status_ = std::move(status);
  last_status_at_ = now;
}

void Watch::flush() {
  if (!outgoing_.empty()) {
    const auto n = send_some(socket_.get(), outgoing_);
    if (n < 0) {
      ::_exit(kPeerLostExit);
    }
    outgoing_.erase(0, static_cast<std::size_t>(n));
  }
  if (outgoing_.empty() && goodbye_queued_) {
    goodbye_queued_ = false;
    answer(kGoodbye);
  }
}

} // namespace lockstep::link
