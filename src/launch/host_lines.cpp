#include "launch/host_lines.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

namespace lockstep::launch {

namespace {

constexpr std::size_t kMostLine = std::size_t{1} << 20U;
constexpr std::size_t kMostErrors = std::size_t{64} << 10U;

} // namespace

HostLines::HostLines(const std::vector<HostLine>& hosts) {
  hosts_.resize(hosts.size());
  open_standard_descriptors();
  try {
    for (std::size_t i = 0; i < hosts.size(); ++i) {
      hosts_[i].result.host = hosts[i].host;
      hosts_[i].process = start_on_host(
          hosts[i].host, hosts[i].command, signals_.mask_before());
    }
  } catch (...) {
    std::for_each(hosts_.begin(), hosts_.end(), stop);
    throw;
  }
}

HostLines::~HostLines() {
  std::for_each(hosts_.begin(), hosts_.end(), stop);
}

bool HostLines::is_there(std::size_t host) const {
  return hosts_.at(host).process.pid != 0;
}

const RemoteResult& HostLines::result(std::size_t host) const {
  return hosts_.at(host).result;
}

std::vector<std::optional<LineAnswer>> HostLines::ask(
    const std::vector<std::optional<std::string>>& questions,
    std::chrono::milliseconds deadline) {
  const auto now = Clock::now();
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    auto& host = hosts_[i];
    host.answer.reset();
    host.is_asked = questions.at(i).has_value() && is_there(i);
    if (host.is_asked) {
      host.to_send = *questions[i] + "\n";
      host.asked = now;
      pump(host);
    }
  }
  const auto waits = [](const Host& host) {
    return host.is_asked && !host.answer && host.process.pid != 0;
  };
  const auto until = now + deadline;
  while (std::any_of(hosts_.begin(), hosts_.end(), waits)) {
    wait(until);
    for (auto& host : hosts_) {
      pump(host);
      reap(host);
      if (waits(host) && Clock::now() >= until) {
        host.result.deadline = deadline;
        stop(host);
      }
    }
  }
  std::vector<std::optional<LineAnswer>> answers;
  answers.reserve(hosts_.size());
  for (auto& host : hosts_) {
    answers.push_back(std::move(host.answer));
  }
  return answers;
}

void HostLines::wait(Clock::time_point until) {
  std::vector<pollfd> waiting{{signals_.fd(), POLLIN, 0}};
  for (const auto& host : hosts_) {
    if (!host.to_send.empty() && host.process.in) {
      waiting.push_back({host.process.in.get(), POLLOUT, 0});
    }
    for (const auto* from : {&host.process.out, &host.process.err}) {
      if (*from) {
        waiting.push_back({from->get(), POLLIN, 0});
      }
    }
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      std::max(until - Clock::now(), Clock::duration::zero()));
  ::poll(
      waiting.data(),
      static_cast<nfds_t>(waiting.size()),
      static_cast<int>(left.count()));
  for (const int signal : signals_.take()) {
    if (signal != SIGCHLD) {
      fail(ErrorKind::interrupted, "interrupted");
    }
  }
}

void HostLines::pump(Host& host) {
  auto& process = host.process;
  while (process.in && !host.to_send.empty()) {
    const auto n =
        ::write(process.in.get(), host.to_send.data(), host.to_send.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      if (errno != EAGAIN && errno != EWOULDBLOCK) {
        process.in.reset(); // its end tells why
      }
      break;
    }
    host.to_send.erase(0, static_cast<std::size_t>(n));
  }
  // One that writes without end is not to keep us from the others.
  constexpr int kMostReads = 64;
  std::array<char, 4096> buffer{};
  for (auto* from : {&process.out, &process.err}) {
    for (int i = 0; i < kMostReads && *from; ++i) {
      const auto n = ::read(from->get(), buffer.data(), buffer.size());
      if (n == 0) {
        from->reset();
      }
      if (n <= 0) {
        break;
      }
      const std::string_view came(buffer.data(), static_cast<std::size_t>(n));
      if (from == &process.out) {
        take(host, came);
      } else {
        host.result.err += came.substr(0, kMostErrors - host.result.err.size());
      }
    }
  }
}

void HostLines::take(Host& host, std::string_view bytes) {
  host.line += bytes;
  for (auto end = host.line.find('\n'); end != std::string::npos;
       end = host.line.find('\n')) {
    // What stands before the mark ended without a newline.
    const auto mark = host.line.find(kAnswerMark);
    if (mark < end && host.is_asked && !host.answer) {
      const auto begin = mark + kAnswerMark.size();
      host.answer = LineAnswer{
          host.line.substr(begin, end - begin),
          std::chrono::duration_cast<std::chrono::microseconds>(
              Clock::now() - host.asked)};
    }
    host.line.erase(0, end + 1);
  }
  if (host.line.size() > kMostLine) {
    host.line.clear();
  }
}

void HostLines::reap(Host& host) {
  int status = 0;
  if (host.process.pid != 0 &&
      ::waitpid(host.process.pid, &status, WNOHANG) == host.process.pid) {
    host.process.pid = 0;
    host.result.end = RankEnd::from_status(status);
    pump(host); // the last that it wrote
  }
}

void HostLines::stop(Host& host) {
  if (host.process.pid != 0) {
    ::kill(-host.process.pid, SIGKILL);
    ::waitpid(host.process.pid, nullptr, 0);
    host.process.pid = 0;
  }
}

} // namespace lockstep::launch
