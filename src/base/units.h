#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lockstep {

/// "98.1 MB", "1.36 GB": powers of ten, three significant digits.
std::string format_bytes(std::uint64_t bytes);

/// Bytes as people write them: "1000000", "800M", "1.5GB"; B, K, M, G and T are
/// powers of ten, with or without a B. Nothing when the text is something else
/// or above 1e15.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

} // namespace lockstep
