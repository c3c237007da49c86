#include "link/greeting.h"

#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

#include <poll.h>
#include <unistd.h>

#include "base/error.h"
#include "link/handshake.h"
#include "link/socket.h"

namespace lockstep::link {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// One message after the other, until a moment.
class Conversation {
 public:
  Conversation(int socket, FrameReader& reader, milliseconds patience)
      : socket_(socket),
        reader_(reader),
        patience_(patience),
        deadline_(steady_clock::now() + patience) {}

  void say(const Message& message) {
    const auto bytes = encode(message);
    if (send_some(socket_, bytes) != static_cast<ssize_t>(bytes.size())) {
      fail(ErrorKind::network, "the launcher closed the control link");
    }
  }

  /// The next message, which must be a T; `named` says what that is, and
  /// `closed` what it means when the launcher closes instead.
  template <class T>
  T hear(
      const char* named,
      const char* closed = "the launcher closed the control link") {
    while (true) {
      if (const auto frame = reader_.next()) {
        auto message = decode(*frame, "the launcher");
        if (auto* expected = std::get_if<T>(&message)) {
          return std::move(*expected);
        }
        fail(
            ErrorKind::network,
            "the launcher sent message {}, expected {}",
            frame->type,
            named);
      }
      receive_some(closed);
    }
  }

  std::vector<Descriptor>& descriptors() { return descriptors_; }

 private:
  void receive_some(const char* closed) {
    const auto left =
        std::chrono::ceil<milliseconds>(deadline_ - steady_clock::now());
    if (left.count() <= 0) {
      fail(
          ErrorKind::network,
          "the launcher did not answer within {} ms",
          patience_.count());
    }
    pollfd waiting{socket_, POLLIN, 0};
    ::poll(&waiting, 1, static_cast<int>(left.count()));
    auto received = receive(socket_);
    if (received.closed) {
      fail(ErrorKind::network, "{}", closed);
    }
    for (auto& descriptor : received.descriptors) {
      descriptors_.push_back(std::move(descriptor));
    }
    reader_.feed(received.bytes);
  }

  int socket_;
  FrameReader& reader_;
  milliseconds patience_;
  steady_clock::time_point deadline_;
  std::vector<Descriptor> descriptors_;
};

void put(int fd, int target) {
  while (::dup2(fd, target) < 0) {
    if (errno != EINTR) {
      fail(
          ErrorKind::internal,
          "descriptor {} cannot be taken over from the launcher",
          target);
    }
  }
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
    put(descriptors[static_cast<std::size_t>(target)].get(), target);
  }
}

// A file without a name: it is gone with us, and no text is too long for it.
void take_stdin(Conversation& conversation) {
  FILE* file = std::tmpfile();
  bool last = false;
  bool good = file != nullptr;
  while (!last) {
    const auto input = conversation.hear<Input>("what stdin holds");
    good =
        good && std::fwrite(input.bytes.data(), 1, input.bytes.size(), file) ==
                    input.bytes.size();
    last = input.last;
  }
  good = good && std::fflush(file) == 0;
  if (good) {
    put(::fileno(file), STDIN_FILENO);
  }
  if (file != nullptr) {
    std::fclose(file);
  }
  // Only now: closing it moves the place.
  if (!good || ::lseek(STDIN_FILENO, 0, SEEK_SET) != 0) {
    fail(
        ErrorKind::network,
        "what the launcher sent for stdin cannot be kept; is there room in "
        "this host's directory for temporary files?");
  }
}

} // namespace

Streams greet(
    int socket,
    FrameReader& reader,
    const Hello& hello,
    const std::optional<Secret>& secret,
    milliseconds patience) {
  Conversation conversation(socket, reader, patience);
  if (secret) {
    const Knock knock(*secret, conversation.hear<Challenge>("a challenge"));
    conversation.say(knock.answer());
    knock.check(conversation.hear<Proof>(
        "its proof",
        "the launcher does not accept this rank's secret; is it a rank of "
        "another run?"));
  }
  conversation.say(hello);
  const auto welcome = conversation.hear<Welcome>(
      "a welcome",
      "the launcher does not expect this rank; is it one of another run?");
  if (welcome.streams == Streams::descriptors) {
    adopt(conversation.descriptors());
  } else if (welcome.streams == Streams::forwarded) {
    take_stdin(conversation);
  }
  return welcome.streams;
}

} // namespace lockstep::link
