#include "launch/remote_stream.h"

#include <array>
#include <cerrno>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

namespace lockstep::launch {

namespace {

/// What there is, up to `most` and a little; closes `from` at its end.
std::string read_from(link::Descriptor& from, std::size_t most) {
  std::string bytes;
  std::array<char, 16384> buffer{};
  while (from && bytes.size() < most) {
    const auto n = ::read(from.get(), buffer.data(), buffer.size());
    if (n > 0) {
      bytes.append(buffer.data(), static_cast<std::size_t>(n));
    } else if (n == 0) {
      from.reset();
    } else if (errno != EINTR) {
      break;
    }
  }
  return bytes;
}

} // namespace

RemoteStream::RemoteStream(
    std::string host,
    const std::vector<std::string>& command,
    const sigset_t& mask)
    : host_(std::move(host)), pipes_(start_on_host(host_, command, mask)) {
}

RemoteStream::~RemoteStream() {
  if (!end_) {
    ::kill(-pipes_.pid, SIGKILL);
    ::waitpid(pipes_.pid, nullptr, 0);
  }
}

void RemoteStream::add_to(
    std::vector<pollfd>& waiting, bool has_to_write) const {
  if (pipes_.in && has_to_write) {
    waiting.push_back({pipes_.in.get(), POLLOUT, 0});
  }
  for (const auto* from : {&pipes_.out, &pipes_.err}) {
    if (*from) {
      waiting.push_back({from->get(), POLLIN, 0});
    }
  }
}

std::string RemoteStream::read() {
  constexpr std::size_t kMostRead = std::size_t{1} << 20;
  constexpr std::size_t kMostSaid = 16384;
  said_ += read_from(pipes_.err, kMostSaid);
  if (said_.size() > kMostSaid) {
    said_.erase(0, said_.size() - kMostSaid);
  }
  return read_from(pipes_.out, kMostRead);
}

std::size_t RemoteStream::write(std::string_view bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto n =
        pipes_.in
            ? ::write(pipes_.in.get(), bytes.data() + done, bytes.size() - done)
            : ssize_t{0};
    if (n > 0) {
      done += static_cast<std::size_t>(n);
    } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      return done;
    } else if (n == 0 || errno != EINTR) {
      pipes_.in.reset();
      return bytes.size();
    }
  }
  return done;
}

bool RemoteStream::has_ended() {
  int status = 0;
  if (!end_ && ::waitpid(pipes_.pid, &status, WNOHANG) == pipes_.pid) {
    end_ = RankEnd::from_status(status);
  }
  return end_.has_value();
}

RemoteResult RemoteStream::result() const {
  RemoteResult result;
  result.host = host_;
  result.err = said_;
  result.end = end_;
  return result;
}

} // namespace lockstep::launch
