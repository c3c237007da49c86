#include "launch/rank_link.h"

#include <utility>
#include <variant>

#include "base/error.h"
#include "link/socket.h"

namespace lockstep::launch {

RankLink::RankLink(link::Descriptor socket)
    : socket_(std::move(socket)), admitted_(true) {
}

RankLink::RankLink(link::Descriptor socket, const link::Secret& secret)
    : socket_(std::move(socket)), door_(secret), admitted_(false) {
  send(door_->challenge());
}

void RankLink::hear(Time now) {
  while (is_open()) {
    const auto received = link::receive(fd());
    if (received.closed) {
      close();
    }
    if (received.bytes.empty()) {
      return;
    }
    last_heard_ = now;
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
  if (!admitted_) {
    const auto* answer = std::get_if<link::Answer>(&message);
    const auto proof = answer != nullptr ? door_->admit(*answer) : std::nullopt;
    if (!proof) {
      fail(ErrorKind::network, "a stranger knocked");
    }
    admitted_ = true;
    send(*proof);
  } else if (const auto* goodbye = std::get_if<link::Goodbye>(&message)) {
    if (!goodbye_) {
      goodbye_ = *goodbye;
    }
  } else if (const auto* hello = std::get_if<link::Hello>(&message)) {
    take_hello(*hello);
  } else if (!hello_) {
    fail(ErrorKind::network, "a rank does not begin with hello");
  } else if (const auto* status = std::get_if<link::Status>(&message)) {
    status_ = *status;
  } else if (const auto* ready = std::get_if<link::Ready>(&message)) {
    ready_ = *ready;
  } else if (const auto* output = std::get_if<link::Output>(&message)) {
    output_.push_back(*output);
  } else {
    fail(ErrorKind::network, "a rank sent a launcher's message");
  }
}

void RankLink::take_hello(const link::Hello& hello) {
  bool good = !hello_ && hello.pid > 0;
  if (good && !is_remote()) {
    const auto peer = link::peer_identity(fd());
    good = !peer || peer->pid == 0 || peer->pid == hello.pid;
    process_ = identify(hello.pid);
  }
  if (!good) {
    fail(ErrorKind::network, "a rank says hello as another process");
  }
  hello_ = hello;
}

void RankLink::send(
    const link::Message& message, std::span<const int> descriptors) {
  if (!is_open()) {
    return;
  }
  const auto bytes = link::encode(message);
  if (descriptors.empty()) {
    unsent_ += bytes;
    flush();
  } else if (
      // They go with the first byte, and only with a whole message.
      link::send_some(fd(), bytes, descriptors) !=
      static_cast<ssize_t>(bytes.size())) {
    close();
  }
}

void RankLink::flush() {
  if (!is_open() || unsent_.empty()) {
    return;
  }
  const auto n = link::send_some(fd(), unsent_);
  if (n < 0) {
    close();
  } else {
    unsent_.erase(0, static_cast<std::size_t>(n));
  }
}

std::vector<link::Output> RankLink::take_output() {
  return std::exchange(output_, {});
}

} // namespace lockstep::launch
