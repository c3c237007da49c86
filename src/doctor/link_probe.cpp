#include "doctor/link_probe.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <optional>
#include <random>
#include <string_view>
#include <thread>

#include <poll.h>
#include <sys/socket.h>

#include "base/error.h"
#include "doctor/link_server.h"
#include "link/tcp.h"

namespace lockstep::doctor {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::milliseconds(2000);

/// A connection to a LinkServer, for one wish. Throws Error{network} whenever
/// something fails, in the system's words.
class Visit {
 public:
  Visit(const std::string& token, const LinkEnd& end, char wish) {
    auto [fd, error] = link::try_connect(end.ip, end.port, kPatience);
    if (error != 0) {
      fail(ErrorKind::network, "{}", std::strerror(error));
    }
    fd_ = std::move(fd);
    send(token + wish);
    if (receive() != std::string(1, kWelcome)) {
      fail(ErrorKind::network, "something else answers there");
    }
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      wait(POLLOUT);
      bytes.remove_prefix(send_some(bytes));
    }
  }
  /// What can be sent now.
  std::size_t send_some(std::string_view bytes) {
    const auto n = ::send(fd_.get(), bytes.data(), bytes.size(), 0);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
      fail(ErrorKind::network, "{}", std::strerror(errno));
    }
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  /// What comes next.
  std::string receive() {
    wait(POLLIN);
    std::array<char, 256> buffer{};
    const auto n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (n < 0) {
      fail(ErrorKind::network, "{}", std::strerror(errno));
    }
    if (n == 0) {
      fail(ErrorKind::network, "the connection was closed");
    }
    return {buffer.data(), static_cast<std::size_t>(n)};
  }
  /// What of `events` has come.
  int wait(int events) const {
    pollfd waiting{fd_.get(), static_cast<short>(events), 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        std::max(until_ - Clock::now(), Clock::duration::zero()));
    if (::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) {
      fail(ErrorKind::network, "it is silent");
    }
    return waiting.revents;
  }
  /// Leaves at once, whatever is still on its way.
  void drop() {
    const linger none{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &none, sizeof(none));
    fd_.reset();
  }

 private:
  link::Descriptor fd_;
  Clock::time_point until_ = Clock::now() + kPatience;
};

std::string reach(const std::string& token, const LinkEnd& end) {
  try {
    const Visit visit(token, end, kReach);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

double microseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::micro>(Clock::now() - begin)
      .count();
}

double measure_latency(const std::string& token, const LinkEnd& end) {
  constexpr std::size_t kRounds = 200;
  constexpr std::size_t kLeastRounds = 5;
  constexpr double kEnoughUs = 300e3;
  Visit visit(token, end, kEcho);
  std::vector<double> times;
  const auto began = Clock::now();
  while (times.size() < kRounds && (times.size() < kLeastRounds ||
                                    microseconds_since(began) < kEnoughUs)) {
    const auto sent = Clock::now();
    visit.send("x");
    visit.receive();
    times.push_back(microseconds_since(sent));
  }
  const auto middle =
      times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

/// Bytes that nothing on the way can make fewer.
std::string noise() {
  constexpr std::size_t kBytes = std::size_t{256} << 10U;
  std::mt19937_64 random(1);
  std::string bytes(kBytes, '\0');
  std::generate(bytes.begin(), bytes.end(), [&] {
    return static_cast<char>(random() & 0xffU);
  });
  return bytes;
}

/// From "BYTES MICROSECONDS\n".
std::optional<double> speed_in(const std::string& answer) {
  std::uint64_t bytes = 0;
  std::uint64_t microseconds = 0;
  const auto* end = answer.data() + answer.size();
  const auto first = std::from_chars(answer.data(), end, bytes);
  if (first.ec != std::errc() || first.ptr == end) {
    return std::nullopt;
  }
  const auto second = std::from_chars(first.ptr + 1, end, microseconds);
  return second.ec == std::errc() && microseconds > 0
             ? std::optional(
                   static_cast<double>(bytes) * 1e6 /
                   static_cast<double>(microseconds))
             : std::nullopt;
}

double measure_stream(const std::string& token, const LinkEnd& end) {
  const auto bytes = noise();
  Visit visit(token, end, kStream);
  std::string answer;
  std::size_t at = 0;
  while (answer.find('\n') == std::string::npos) {
    if ((visit.wait(POLLIN | POLLOUT) & POLLIN) != 0) {
      answer += visit.receive();
    } else {
      at = (at + visit.send_some(std::string_view(bytes).substr(at))) %
           bytes.size();
    }
  }
  visit.drop();
  const auto speed = speed_in(answer);
  if (!speed) {
    fail(ErrorKind::network, "something else answers there");
  }
  return *speed;
}

} // namespace

std::vector<std::string> try_reach(
    const std::string& token, const std::vector<LinkEnd>& ends) {
  constexpr std::size_t kAtOnce = 64;
  std::vector<std::string> failures(ends.size());
  for (std::size_t begin = 0; begin < ends.size(); begin += kAtOnce) {
    std::vector<std::thread> threads;
    for (auto i = begin; i < std::min(begin + kAtOnce, ends.size()); ++i) {
      threads.emplace_back([&, i] { failures[i] = reach(token, ends[i]); });
    }
    for (auto& thread : threads) {
      thread.join();
    }
  }
  return failures;
}

LinkSpeed measure_link(const std::string& token, const LinkEnd& end) {
  return {measure_latency(token, end), measure_stream(token, end)};
}

} // namespace lockstep::doctor
