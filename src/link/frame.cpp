#include "link/frame.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace lockstep::link {

namespace {

constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kHeaderBytes = 2; // version and type

void append(std::string& bytes, std::uint64_t value, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    bytes.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  }
}

std::uint64_t value_of(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

} // namespace

std::string encode_frame(const Frame& frame, std::size_t most) {
  if (frame.payload.size() > most) {
    fail(
        ErrorKind::internal,
        "control message {} has {} bytes, the most are {}",
        frame.type,
        frame.payload.size(),
        most);
  }
  std::string bytes;
  append(bytes, kHeaderBytes + frame.payload.size(), kLengthBytes);
  append(bytes, kFrameVersion, 1);
  append(bytes, frame.type, 1);
  return bytes + frame.payload;
}

FrameReader::FrameReader(std::string peer, std::size_t most)
    : peer_(std::move(peer)), most_(most) {
}

void FrameReader::feed(std::string_view bytes) {
  bytes_ += bytes;
}

std::optional<Frame> FrameReader::next() {
  const std::string_view bytes = bytes_;
  if (bytes.size() < kLengthBytes) {
    return std::nullopt;
  }
  const auto length = value_of(bytes.substr(0, kLengthBytes));
  if (length < kHeaderBytes || length > kHeaderBytes + most_) {
    fail(
        ErrorKind::network,
        "{} sent a control message of {} bytes, expected {} to {}; "
        "it is not lockstep or another version",
        peer_,
        length,
        kHeaderBytes,
        kHeaderBytes + most_);
  }
  // The version is looked at as soon as it is there: a stranger is refused
  // without waiting for all it announced.
  if (bytes.size() > kLengthBytes) {
    const auto version = static_cast<unsigned char>(bytes[kLengthBytes]);
    if (version != kFrameVersion) {
      fail(
          ErrorKind::network,
          "{} speaks version {} of the control link, expected {}; "
          "install the same lockstep everywhere",
          peer_,
          version,
          kFrameVersion);
    }
  }
  if (bytes.size() - kLengthBytes < length) {
    return std::nullopt;
  }
  Frame frame;
  frame.type = static_cast<std::uint8_t>(bytes[kLengthBytes + 1]);
  frame.payload =
      bytes.substr(kLengthBytes + kHeaderBytes, length - kHeaderBytes);
  bytes_.erase(0, kLengthBytes + length);
  return frame;
}

PayloadWriter& PayloadWriter::u32(std::uint32_t value) {
  append(bytes_, value, 4);
  return *this;
}

PayloadWriter& PayloadWriter::i32(std::int32_t value) {
  return u32(static_cast<std::uint32_t>(value));
}

PayloadWriter& PayloadWriter::u64(std::uint64_t value) {
  append(bytes_, value, 8);
  return *this;
}

PayloadWriter& PayloadWriter::text(std::string_view value, std::size_t most) {
  const auto kept = value.substr(0, std::min(value.size(), most));
  u32(static_cast<std::uint32_t>(kept.size()));
  bytes_ += kept;
  return *this;
}

std::string PayloadWriter::take() {
  return std::move(bytes_);
}

PayloadReader::PayloadReader(std::string_view payload, std::string_view peer)
    : left_(payload), peer_(peer) {
}

std::string_view PayloadReader::take(std::size_t n) {
  if (n > left_.size()) {
    fail(
        ErrorKind::network,
        "{} sent a control message that is {} bytes short; "
        "it is not lockstep or another version",
        peer_,
        n - left_.size());
  }
  const auto taken = left_.substr(0, n);
  left_.remove_prefix(n);
  return taken;
}

std::uint32_t PayloadReader::u32() {
  return static_cast<std::uint32_t>(value_of(take(4)));
}

std::int32_t PayloadReader::i32() {
  return static_cast<std::int32_t>(u32());
}

std::uint64_t PayloadReader::u64() {
  return value_of(take(8));
}

std::string PayloadReader::text() {
  const auto size = u32();
  return std::string(take(size));
}

void PayloadReader::finish() const {
  if (!left_.empty()) {
    fail(
        ErrorKind::network,
        "{} sent a control message with {} bytes too many; "
        "it is not lockstep or another version",
        peer_,
        left_.size());
  }
}

} // namespace lockstep::link
