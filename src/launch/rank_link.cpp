#include "launch/rank_link.h"

#include <utility>
#include <variant>

#include "base/error.h"
#include "link/socket.h"

namespace lockstep::launch {

RankLink::RankLink(link::Descriptor socket) : socket_(std::move(socket)) {
}

void RankLink::hear() {
  while (is_open()) {
    const auto received = link::receive(fd());
    if (received.closed) {
      close();
    }
    if (received.bytes.empty()) {
      return;
    }
    try {
      reader_.feed(received.bytes);
      while (const auto frame = reader_.next()) {
        take(link::decode(*frame, "a rank"));
      }
    } catch (const Error&) {
      // Who sends nonsense is treated as gone; what becomes of it is told by
      // the rank that is missing.
      close();
    }
  }
}

void RankLink::take(const link::Message& message) {
  if (const auto* goodbye = std::get_if<link::Goodbye>(&message)) {
    if (!goodbye_) {
      goodbye_ = *goodbye;
    }
  } else if (const auto* hello = std::get_if<link::Hello>(&message)) {
    const auto peer = link::peer_identity(fd());
    const bool pid_known = peer && peer->pid != 0;
    if (hello_ || hello->pid <= 0 || (pid_known && peer->pid != hello->pid)) {
      fail(ErrorKind::network, "a rank says hello as another process");
    }
    hello_ = *hello;
    process_ = identify(hello->pid);
  } else if (!hello_) {
    fail(ErrorKind::network, "a rank does not begin with hello");
  } else if (const auto* status = std::get_if<link::Status>(&message)) {
    status_ = *status;
  } else if (std::holds_alternative<link::Ready>(message)) {
    ready_ = true;
  } else {
    fail(ErrorKind::network, "a rank sent a launcher's message");
  }
}

void RankLink::send(
    const link::Message& message, std::span<const int> descriptors) {
  const auto bytes = link::encode(message);
  if (is_open() && link::send_some(fd(), bytes, descriptors) !=
                       static_cast<ssize_t>(bytes.size())) {
    close();
  }
}

} // namespace lockstep::launch
