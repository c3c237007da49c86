#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "link/frame.h"
#include "push/receiver.h"

namespace lockstep::push {

namespace {

constexpr char kSender[] = "the sender";

/// False when nobody reads any more.
bool write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void send(const Message& message) {
  if (!write_all(encode(message))) {
    fail(ErrorKind::closed, "the sender is gone");
  }
}

/// Until all is done, or the sender has no more to say.
void talk(Receiver& receiver) {
  constexpr std::size_t kBuffer = std::size_t{256} << 10;
  link::FrameReader frames(kSender, kMostPayload);
  std::vector<char> buffer(kBuffer);
  while (!receiver.is_done()) {
    const auto n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      fail(
          ErrorKind::closed,
          "stdin ended; this command is for lockstep push itself");
    }
    frames.feed({buffer.data(), static_cast<std::size_t>(n)});
    while (const auto frame = frames.next()) {
      receiver.take(decode(*frame, kSender));
    }
  }
}

} // namespace

int receive(const std::string& place) {
  constexpr int kFailed = 69;
  try {
    const auto folder = expand_home(place);
    if (!folder.is_absolute()) {
      fail(
          ErrorKind::network,
          "\"{}\" is no place for a model, expected an absolute path",
          place);
    }
    Receiver receiver(folder / "models", send);
    talk(receiver);
    return 0;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::closed) {
      write_all(encode(Refused{error.what()}));
    }
    return kFailed;
  }
}

} // namespace lockstep::push
