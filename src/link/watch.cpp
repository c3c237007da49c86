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

namespace lockstep::link {

namespace {

constexpr int kPeerLostExit = 71;
constexpr int kLookRoundMs = 200;
constexpr int kGoodbyePatienceMs = 1000;

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

void adopt(const std::vector<Descriptor>& descriptors) {
  if (descriptors.size() != 3) {
    fail(
        ErrorKind::network,
        "the launcher sent {} descriptors with its welcome, expected 3",
        descriptors.size());
  }
  std::fflush(nullptr);
  for (int target = 0; target < 3; ++target) {
    while (::dup2(descriptors[static_cast<std::size_t>(target)].get(), target) <
           0) {
      if (errno != EINTR) {
        fail(
            ErrorKind::internal,
            "descriptor {} cannot be taken over from the launcher",
            target);
      }
    }
  }
}

} // namespace

Watch::Watch(Descriptor socket)
    : socket_(std::move(socket)), parent_(::getppid()) {
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
  const auto bytes = encode(hello);
  if (send_some(socket_.get(), bytes) != static_cast<ssize_t>(bytes.size())) {
    fail(ErrorKind::network, "the launcher closed the control link");
  }
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::vector<Descriptor> descriptors;
  while (true) {
    if (const auto frame = reader_.next()) {
      const auto message = decode(*frame, "the launcher");
      const auto* welcome = std::get_if<Welcome>(&message);
      if (welcome == nullptr) {
        fail(
            ErrorKind::network,
            "the launcher answered hello with message {}, expected a welcome",
            frame->type);
      }
      if (welcome->descriptors) {
        adopt(descriptors);
      }
      return;
    }
    const int left = remaining_ms(deadline);
    if (left == 0) {
      fail(
          ErrorKind::network,
          "the launcher did not answer within {} ms",
          patience.count());
    }
    pollfd waiting{socket_.get(), POLLIN, 0};
    ::poll(&waiting, 1, left);
    auto received = receive(socket_.get());
    if (received.closed) {
      fail(ErrorKind::network, "the launcher closed the control link");
    }
    for (auto& descriptor : received.descriptors) {
      descriptors.push_back(std::move(descriptor));
    }
    reader_.feed(received.bytes);
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

void Watch::await_turn() {
  if (socket_ && thread_.joinable()) {
    command(kReady);
    wait_for(kTurn, -1);
  }
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
  goodbye_ = std::move(goodbye);
  command(kGoodbye);
  wait_for(kGoodbye, kGoodbyePatienceMs);
}

void Watch::run() {
  try {
    obey(); // something may have come with the welcome
    while (!stopped_) {
      std::array<pollfd, 2> waiting{};
      waiting[0] = {commands_.read.get(), POLLIN, 0};
      waiting[1] = {socket_.get(), POLLIN, 0};
      if (!outgoing_.empty()) {
        waiting[1].events |= POLLOUT;
      }
      ::poll(waiting.data(), socket_ ? 2 : 1, kLookRoundMs);
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
      outgoing_ += encode(Ready{});
    } else if (what == kGoodbye) {
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
  while (const auto frame = reader_.next()) {
    if (std::holds_alternative<Turn>(decode(*frame, "the launcher"))) {
      answer(kTurn);
    }
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
      tick_.load(std::memory_order_relaxed)};
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
