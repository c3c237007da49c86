#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/error.h"
#include "base/file.h"

namespace lockstep::checkpoint {

/// Reads little-endian values one after another, a window of the file at a
/// time. Every read is checked against the end; all errors are Error{config}
/// and name the file, the field being read and the place.
class GgufCursor {
 public:
  /// From the start of `file`, at most `limit` bytes. Keeps a reference.
  GgufCursor(const File& file, std::uint64_t limit);

  /// What the following reads belong to, for errors.
  void set_field(std::string field) { field_ = std::move(field); }
  void move_to(std::uint64_t position) { position_ = position; }
  std::uint64_t position() const { return position_; }
  std::uint64_t remaining() const { return end_ - position_; }

  template <class T>
  T number() {
    static_assert(std::is_arithmetic_v<T>);
    T value;
    std::memcpy(&value, take(sizeof value), sizeof value);
    return value;
  }
  /// A 64-bit length and so many bytes.
  std::string string(std::uint64_t most);
  std::uint64_t skip_string(std::uint64_t most); // returns the length
  void skip(std::uint64_t bytes);

  /// Throws: "FILE: FIELD: TEXT".
  [[noreturn]] void refuse(
      std::string_view text, ErrorKind kind = ErrorKind::config) const;

 private:
  const std::byte* take(std::size_t bytes);
  void check_room(std::uint64_t bytes) const;
  std::uint64_t string_length(std::uint64_t most);

  const File& file_;
  std::uint64_t end_;
  std::uint64_t position_ = 0;
  std::uint64_t window_start_ = 0;
  std::vector<std::byte> window_;
  std::string field_ = "header";
};

} // namespace lockstep::checkpoint
