#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "link/frame.h"

namespace lockstep::link {

// What goes over the control link. A rank sends Hello, Ready, Status, Goodbye;
// the launcher sends Welcome and Turn.

/// First message of a rank.
struct Hello {
  std::int32_t rank = 0;
  std::int32_t size = 1;
  std::int32_t pid = 0;
  std::string host;

  bool operator==(const Hello&) const = default;
};

/// The launcher's answer. With `descriptors` its stdin, stdout and stderr
/// come along, in this order.
struct Welcome {
  bool descriptors = false;

  bool operator==(const Welcome&) const = default;
};

/// The rank is about to form the group.
struct Ready {
  bool operator==(const Ready&) const = default;
};

/// It may.
struct Turn {
  bool operator==(const Turn&) const = default;
};

struct Status {
  std::string phase;
  std::uint64_t tick = 0;

  bool operator==(const Status&) const = default;
};

/// The rank ends: done with this exit code, or with a text failed.
struct Goodbye {
  std::int32_t code = 0;
  std::string text;

  bool operator==(const Goodbye&) const = default;
};

using Message = std::variant<Hello, Welcome, Ready, Turn, Status, Goodbye>;

/// The bytes of a whole frame.
std::string encode(const Message& message);

/// Throws Error{network} naming `peer` when the frame is no message. Texts
/// come back without control characters: they are shown on terminals.
Message decode(const Frame& frame, std::string_view peer);

} // namespace lockstep::link
