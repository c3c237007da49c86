#pragma once

#include <string>
#include <string_view>

namespace lockstep::link {

/// BLAKE2b of 256 bits (RFC 7693), as 64 hexadecimal digits. Any thread.
std::string digest_of(std::string_view bytes);

} // namespace lockstep::link
