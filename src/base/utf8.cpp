#include "base/utf8.h"

namespace lockstep {

namespace {

/// Length of the sequence that `first` begins, and the bounds of its second
/// byte; length 0 when no sequence begins so.
struct Lead {
  std::size_t length;
  unsigned char least;
  unsigned char most;
};

Lead lead_of(unsigned char first) {
  if (first < 0x80) {
    return {1, 0, 0};
  }
  if (first >= 0xC2 && first <= 0xDF) {
    return {2, 0x80, 0xBF};
  }
  if (first >= 0xE0 && first <= 0xEF) {
    return {
        3,
        static_cast<unsigned char>(first == 0xE0 ? 0xA0 : 0x80),
        static_cast<unsigned char>(first == 0xED ? 0x9F : 0xBF)};
  }
  if (first >= 0xF0 && first <= 0xF4) {
    return {
        4,
        static_cast<unsigned char>(first == 0xF0 ? 0x90 : 0x80),
        static_cast<unsigned char>(first == 0xF4 ? 0x8F : 0xBF)};
  }
  return {0, 0, 0};
}

} // namespace

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto lead = lead_of(static_cast<unsigned char>(text[at]));
    if (lead.length == 0) {
      return at;
    }
    for (std::size_t i = 1; i < lead.length; ++i) {
      if (at + i == text.size()) {
        return at;
      }
      const auto byte = static_cast<unsigned char>(text[at + i]);
      if (byte < (i == 1 ? lead.least : 0x80) ||
          byte > (i == 1 ? lead.most : 0xBF)) {
        return at;
      }
    }
    at += lead.length;
  }
  return std::nullopt;
}

std::string one_line(std::string_view text, std::size_t most) {
  std::string line(text.substr(0, most));
  for (char& c : line) {
    if (c < ' ' || c > '~') {
      c = '?';
    }
  }
  return text.size() > most ? line + "..." : line;
}

} // namespace lockstep
