#include "base/units.h"

#include <array>
#include <cstddef>

#include <fmt/format.h>

namespace lockstep {

namespace {

constexpr std::uint64_t kMostParsed = 1'000'000'000'000'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// How many bytes a unit is; 0 when there is no such unit.
std::uint64_t bytes_of_unit(std::string_view unit) {
  if (unit.empty() || unit == "B") {
    return 1;
  }
  constexpr std::string_view kLetters = "KMGT";
  const auto at = kLetters.find(unit.front());
  if (at == std::string_view::npos ||
      (unit.size() > 1 && unit.substr(1) != "B")) {
    return 0;
  }
  std::uint64_t bytes = 1000;
  for (std::size_t i = 0; i < at; ++i) {
    bytes *= 1000;
  }
  return bytes;
}

} // namespace

std::string format_bytes(std::uint64_t bytes) {
  constexpr std::array kUnits{"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1000) {
    return fmt::format("{} B", bytes);
  }
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 999.5) {
    value /= 1000.0;
    ++unit;
  }
  const int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f} {}", value, digits, kUnits[unit]);
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  const auto number = text.substr(0, text.find_first_not_of("0123456789."));
  auto unit = bytes_of_unit(text.substr(number.size()));
  const auto point = number.find('.');
  const auto whole = number.substr(0, point);
  const auto fraction = point == std::string_view::npos
                            ? std::string_view()
                            : number.substr(point + 1);
  const bool has_empty_part =
      whole.empty() || (point != std::string_view::npos && fraction.empty());
  if (unit == 0 || has_empty_part) {
    return std::nullopt;
  }
  std::uint64_t count = 0;
  for (const char c : whole) {
    count = count * 10 + static_cast<std::uint64_t>(c - '0');
    if (count > kMostParsed / unit) {
      return std::nullopt;
    }
  }
  std::uint64_t bytes = count * unit;
  for (const char c : fraction) {
    if (!is_digit(c)) {
      return std::nullopt;
    }
    unit /= 10; // less than a byte does not count
    bytes += unit * static_cast<std::uint64_t>(c - '0');
  }
  return bytes <= kMostParsed ? std::optional(bytes) : std::nullopt;
}

} // namespace lockstep
