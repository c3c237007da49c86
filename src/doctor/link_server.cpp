#include "doctor/link_server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <memory>

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/error.h"
#include "link/secret.h"

namespace lockstep::doctor {

namespace {

using Clock = std::chrono::steady_clock;

/// One who has connected, whoever it is.
class Visitor {
 public:
  explicit Visitor(link::Descriptor fd) : fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }
  bool is_over(Clock::time_point now) const {
    constexpr auto kMost = std::chrono::seconds(5);
    return is_over_ || now - came_ > kMost;
  }
  /// Takes what is there and answers; never blocks.
  void pump(const std::string& token);

 private:
  void greet(const std::string& token);
  void answer(std::string_view bytes);
  void count(std::size_t n);

  link::Descriptor fd_;
  std::string greeting_;
  char wish_ = 0;
  bool is_over_ = false;
  bool has_told_ = false;
  std::size_t streamed_ = 0;
  Clock::time_point came_ = Clock::now();
  Clock::time_point first_; // byte of a stream
};

void Visitor::pump(const std::string& token) {
  std::array<char, std::size_t{64} << 10U> buffer{};
  const auto most =
      wish_ == 0 ? kTokenBytes + 1 - greeting_.size() : buffer.size();
  const auto n = ::recv(fd_.get(), buffer.data(), most, 0);
  if (n <= 0) {
    is_over_ = n == 0 || (errno != EAGAIN && errno != EINTR);
    return;
  }
  const std::string_view bytes(buffer.data(), static_cast<std::size_t>(n));
  if (wish_ == 0) {
    greeting_ += bytes;
    greet(token);
  } else if (wish_ == kEcho) {
    answer(bytes);
  } else if (wish_ == kStream) {
    count(bytes.size());
  } else {
    is_over_ = true;
  }
}

void Visitor::greet(const std::string& token) {
  if (greeting_.size() == kTokenBytes + 1) {
    is_over_ = !link::same_proof(greeting_.substr(0, kTokenBytes), token);
    wish_ = greeting_.back();
    if (!is_over_) {
      answer(std::string_view(&kWelcome, 1));
    }
  }
}

// One who does not take its answers is no link that works.
void Visitor::answer(std::string_view bytes) {
  const auto n = ::send(fd_.get(), bytes.data(), bytes.size(), 0);
  is_over_ = n != static_cast<ssize_t>(bytes.size());
}

// The time of what has come is the receiver's, so that nothing which still lies
// in buffers on the way is counted. What comes later is thrown away until the
// sender has read the answer and closes.
void Visitor::count(std::size_t n) {
  const auto now = Clock::now();
  if (has_told_) {
    return;
  }
  if (streamed_ == 0) {
    first_ = now;
  }
  streamed_ += n;
  const auto passed =
      std::chrono::duration_cast<std::chrono::microseconds>(now - first_);
  if (streamed_ >= kMostStreamed ||
      passed >= std::chrono::milliseconds(kStreamMs)) {
    has_told_ = true;
    answer(fmt::format("{} {}\n", streamed_, passed.count()));
  }
}

} // namespace

LinkServer::LinkServer(std::string token, const std::vector<std::string>& ips)
    : token_(std::move(token)), end_(link::make_pipe()) {
  for (const auto& ip : ips) {
    try {
      listeners_.emplace_back(ip);
      places_.push_back({listeners_.back().port(), ""});
    } catch (const Error& error) {
      places_.push_back({0, error.what()});
    }
  }
  thread_ = std::thread([this] { serve(); });
}

LinkServer::~LinkServer() {
  end_.write.reset();
  thread_.join();
}

void LinkServer::serve() {
  constexpr std::size_t kMostVisitors = 600; // twice the most hosts, and some
  std::vector<std::unique_ptr<Visitor>> visitors;
  while (true) {
    std::vector<pollfd> waiting{{end_.read.get(), POLLIN, 0}};
    for (const auto& listener : listeners_) {
      waiting.push_back({listener.fd(), POLLIN, 0});
    }
    for (const auto& visitor : visitors) {
      waiting.push_back({visitor->fd(), POLLIN, 0});
    }
    constexpr int kRoundMs = 1000; // those who say nothing go
    ::poll(waiting.data(), static_cast<nfds_t>(waiting.size()), kRoundMs);
    if (waiting.front().revents != 0) {
      return;
    }
    for (auto& visitor : visitors) {
      visitor->pump(token_);
    }
    const auto now = Clock::now();
    std::erase_if(
        visitors, [&](const auto& visitor) { return visitor->is_over(now); });
    for (auto& listener : listeners_) {
      while (auto fd = listener.accept()) {
        if (visitors.size() < kMostVisitors) {
          visitors.push_back(std::make_unique<Visitor>(std::move(fd)));
        }
      }
    }
  }
}

} // namespace lockstep::doctor
