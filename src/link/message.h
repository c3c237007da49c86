#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "link/frame.h"

namespace lockstep::link {

// What goes over the control link. A rank sends Answer, Hello, Ready, Status,
// Output, Goodbye; the launcher sends Challenge, Proof, Welcome, Input, Turn,
// Ping.

// Over TCP both sides prove first that they know the run's secret
// (link/handshake); a Unix socket's other end is known to the kernel.

/// The launcher's first message over TCP.
struct Challenge {
  std::string nonce;

  bool operator==(const Challenge&) const = default;
};

/// A rank's answer to it.
struct Answer {
  std::string nonce;
  std::string proof;

  bool operator==(const Answer&) const = default;
};

/// The launcher's proof.
struct Proof {
  std::string proof;

  bool operator==(const Proof&) const = default;
};

/// First message of a rank that has proved itself, if it had to.
struct Hello {
  std::int32_t rank = 0;
  std::int32_t size = 1;
  std::int32_t pid = 0;
  std::string host;

  bool operator==(const Hello&) const = default;
};

/// Where a rank reads and writes.
enum class Streams : std::uint32_t {
  own,         // as it was started
  descriptors, // the launcher's, which come along: stdin, stdout, stderr
  forwarded,   // over this link: Input messages follow, Output is sent
};

/// The launcher's answer.
struct Welcome {
  Streams streams = Streams::own;

  bool operator==(const Welcome&) const = default;
};

/// A piece of the rank's stdin.
struct Input {
  std::string bytes;
  bool last = false;

  bool operator==(const Input&) const = default;
};

/// The rank is about to form the group.
struct Ready {
  std::int32_t port = 0; // where it will listen; 0 = nobody needs to know

  bool operator==(const Ready&) const = default;
};

/// It may.
struct Turn {
  std::string where; // to join (launch/seat); empty = it knows

  bool operator==(const Turn&) const = default;
};

/// Say where you are: sent a few times a second.
struct Ping {
  /// The rank is lost when no more of them come: over a connection to another
  /// host, which tells nothing by itself.
  bool is_vital = false;

  bool operator==(const Ping&) const = default;
};

/// What a rank does: in its tick, or before the first when it forms the group.
enum class Step : std::uint32_t { none, compute, exchange, join };

struct Status {
  std::string phase;
  std::uint64_t tick = 0;
  Step step = Step::none;

  bool operator==(const Status&) const = default;
};

/// A piece of what a rank wrote.
struct Output {
  std::int32_t stream = 1; // 1 or 2
  std::string bytes;

  bool operator==(const Output&) const = default;
};

/// The rank ends: done with this exit code, or with a text failed.
struct Goodbye {
  std::int32_t code = 0;
  std::string text;

  bool operator==(const Goodbye&) const = default;
};

using Message = std::variant<
    Hello,
    Welcome,
    Ready,
    Turn,
    Status,
    Goodbye,
    Challenge,
    Answer,
    Proof,
    Input,
    Output,
    Ping>;

/// The most bytes of one Input or Output, and of a Turn.
inline constexpr std::size_t kMostPiece = 8 << 10;

/// The bytes of a whole frame.
std::string encode(const Message& message);

/// Throws Error{network} naming `peer` when the frame is no message. Texts
/// come back without control characters: they are shown on terminals.
Message decode(const Frame& frame, std::string_view peer);

} // namespace lockstep::link
