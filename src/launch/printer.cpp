#include "launch/printer.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

namespace lockstep::launch {

namespace {

constexpr std::size_t kMostWaiting = 256 << 10;
constexpr std::size_t kLongestLine = 4096;
constexpr std::string_view kRing = "[ring] ";
constexpr int kErrors = 2; // the stream where MLX writes them

// A whole line, or so much of it that it is hardly another.
bool is_of_ring(int stream, std::string_view line) {
  constexpr std::size_t kSurely = kRing.size() - 1;
  return stream == kErrors && line.size() >= kSurely &&
         line.starts_with(kRing.substr(0, std::min(kRing.size(), line.size())));
}

bool may_become_ring(int stream, std::string_view line) {
  return stream == kErrors &&
         (kRing.starts_with(line) || line.starts_with(kRing));
}

bool takes_more(int fd, int patience_ms) {
  pollfd waiting{fd, POLLOUT, 0};
  return ::poll(&waiting, 1, patience_ms) == 1 &&
         (waiting.revents & POLLOUT) != 0;
}

} // namespace

void Printer::add(
    int rank, const std::string& host, const link::Output& output) {
  if (rank == 0) {
    add_as_it_is(output.stream, output.bytes);
    return;
  }
  auto& unwritten = unwritten_[static_cast<std::size_t>(output.stream) - 1];
  auto& line = open_lines_[{rank, output.stream}];
  for (const char c : output.bytes) {
    if (c != '\n') {
      line += c;
    }
    if (c == '\n' || line.size() >= kLongestLine) {
      unwritten += is_of_ring(output.stream, line)
                       ? ""
                       : fmt::format("[rank {}, {}] {}\n", rank, host, line);
      line.clear();
    }
  }
}

void Printer::add_as_it_is(int stream, const std::string& bytes) {
  const auto i = static_cast<std::size_t>(stream) - 1;
  for (const char c : bytes) {
    auto& beginning = beginnings_[i];
    if (inside_line_[i]) {
      unwritten_[i] += c;
    } else {
      beginning += c;
      if (!may_become_ring(stream, beginning)) {
        unwritten_[i] += std::exchange(beginning, "");
        inside_line_[i] = true;
      }
    }
    if (c == '\n') {
      beginning.clear();
      inside_line_[i] = false;
    }
  }
}

void Printer::flush() {
  // A pipe that says it takes more takes this much without blocking.
  constexpr std::size_t kPiece = 4096;
  for (int fd = 1; fd <= 2; ++fd) {
    auto& unwritten = unwritten_[static_cast<std::size_t>(fd) - 1];
    while (!unwritten.empty() && takes_more(fd, 0)) {
      const auto n =
          ::write(fd, unwritten.data(), std::min(unwritten.size(), kPiece));
      if (n < 0 && errno != EINTR && errno != EAGAIN) {
        unwritten.clear(); // nobody reads it any more
      }
      unwritten.erase(0, n > 0 ? static_cast<std::size_t>(n) : 0);
    }
  }
}

bool Printer::finish(int patience_ms) {
  for (std::size_t i = 0; i < unwritten_.size(); ++i) {
    const auto beginning = std::exchange(beginnings_[i], "");
    unwritten_[i] +=
        is_of_ring(static_cast<int>(i) + 1, beginning) ? "" : beginning;
  }
  for (auto& [place, line] : open_lines_) {
    if (!line.empty() && !is_of_ring(place.second, line)) {
      unwritten_[static_cast<std::size_t>(place.second) - 1] +=
          fmt::format("[rank {}] {}\n", place.first, line);
    }
    line.clear();
  }
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
  flush();
  while (has_unwritten(1) || has_unwritten(2)) {
    constexpr int kRoundMs = 20;
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    takes_more(has_unwritten(1) ? 1 : 2, kRoundMs);
    flush();
  }
  return true;
}

bool Printer::is_full() const {
  return unwritten_[0].size() + unwritten_[1].size() > kMostWaiting;
}

} // namespace lockstep::launch
