#pragma once

#include <cstdint>
#include <string>

namespace lockstep {

/// "98.1 MB", "1.36 GB": powers of ten, three significant digits.
std::string format_bytes(std::uint64_t bytes);

} // namespace lockstep
