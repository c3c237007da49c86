#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace lockstep {

/// Where the first sequence of bytes begins that is not UTF-8 (RFC 3629: no
/// overlong forms, no surrogates, nothing above U+10FFFF), or nothing.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

/// Text from outside as part of one line of a message: printable ASCII, '?' for
/// every other byte, cut with "..." after `most` bytes.
std::string one_line(std::string_view text, std::size_t most);

} // namespace lockstep
