#include "checkpoint/gguf_cursor.h"

#include <algorithm>
#include <span>

namespace lockstep::checkpoint {

namespace {
constexpr std::uint64_t kWindowBytes = std::uint64_t{1} << 20;
}

GgufCursor::GgufCursor(const File& file, std::uint64_t limit)
    : file_(file), end_(std::min(file.size(), limit)) {
}

void GgufCursor::refuse(std::string_view text, ErrorKind kind) const {
  fail(kind, "{}: {}: {}", file_.path().string(), field_, text);
}

void GgufCursor::check_room(std::uint64_t bytes) const {
  if (position_ > end_ || bytes > end_ - position_) {
    refuse(fmt::format(
        "needs {} bytes at byte {}, but {} ends at byte {}; "
        "it is truncated or damaged",
        bytes,
        position_,
        end_ == file_.size() ? "the file" : "what a header may have",
        end_));
  }
}

const std::byte* GgufCursor::take(std::size_t bytes) {
  check_room(bytes);
  const auto window_end = window_start_ + window_.size();
  if (position_ < window_start_ || position_ > window_end ||
      bytes > window_end - position_) {
    const auto size =
        std::min(remaining(), std::max<std::uint64_t>(bytes, kWindowBytes));
    window_.resize(size);
    window_start_ = position_;
    file_.read_at(position_, std::span(window_));
  }
  const auto* at = window_.data() + (position_ - window_start_);
  position_ += bytes;
  return at;
}

std::uint64_t GgufCursor::string_length(std::uint64_t most) {
  const auto length = number<std::uint64_t>();
  check_room(length);
  if (length > most) {
    refuse(
        fmt::format("string of {} bytes, expected at most {}", length, most));
  }
  return length;
}

std::string GgufCursor::string(std::uint64_t most) {
  const auto length = string_length(most);
  const auto* from = take(length);
  return {reinterpret_cast<const char*>(from), length};
}

std::uint64_t GgufCursor::skip_string(std::uint64_t most) {
  const auto length = string_length(most);
  position_ += length;
  return length;
}

void GgufCursor::skip(std::uint64_t bytes) {
  check_room(bytes);
  position_ += bytes;
}

} // namespace lockstep::checkpoint
