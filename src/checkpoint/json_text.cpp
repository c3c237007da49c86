#include "checkpoint/json_text.h"

#include <cstddef>
#include <iterator>

#include <fmt/format.h>

namespace lockstep::checkpoint {

namespace {

struct Range {
  unsigned least;
  unsigned most;
};

// Bytes that may follow a first byte directly: this rules out overlong forms,
// surrogates and what lies beyond U+10FFFF.
Range second_byte(unsigned first) {
  switch (first) {
    case 0xe0:
      return {0xa0, 0xbf};
    case 0xed:
      return {0x80, 0x9f};
    case 0xf0:
      return {0x90, 0xbf};
    case 0xf4:
      return {0x80, 0x8f};
    default:
      return {0x80, 0xbf};
  }
}

// Bytes of the character that begins with `first`; 0 when none does.
std::size_t character_bytes(unsigned first) {
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xc2 && first <= 0xdf) {
    return 2;
  }
  if (first >= 0xe0 && first <= 0xef) {
    return 3;
  }
  return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

} // namespace

bool is_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto first = static_cast<unsigned char>(text[i]);
    const auto length = character_bytes(first);
    if (length == 0 || length > text.size() - i) {
      return false;
    }
    for (std::size_t k = 1; k < length; ++k) {
      const auto byte = static_cast<unsigned char>(text[i + k]);
      const auto range = k == 1 ? second_byte(first) : Range{0x80, 0xbf};
      if (byte < range.least || byte > range.most) {
        return false;
      }
    }
    i += length;
  }
  return true;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      fmt::format_to(
          std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

} // namespace lockstep::checkpoint
