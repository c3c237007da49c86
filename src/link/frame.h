#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lockstep::link {

/// On the wire: length of what follows (u32), version (u8), type (u8),
/// payload; integers little-endian.
inline constexpr std::uint8_t kFrameVersion = 1;
inline constexpr std::size_t kMaxPayload = 16 << 10;

struct Frame {
  std::uint8_t type = 0;
  std::string payload;
};

/// Throws Error{internal} when the payload is larger than `most`.
std::string encode_frame(const Frame& frame, std::size_t most = kMaxPayload);

/// Cuts a stream of bytes, in whatever pieces they come, into frames. Holds no
/// more than one largest frame and the last piece fed.
class FrameReader {
 public:
  /// `peer` names the other side in errors; `most` is what a payload may have.
  explicit FrameReader(std::string peer, std::size_t most = kMaxPayload);

  void feed(std::string_view bytes);
  /// The next whole frame, if there is one. Throws Error{network} naming the
  /// peer when the bytes are no frame of this version; the connection is then
  /// of no more use.
  std::optional<Frame> next();

 private:
  std::string peer_;
  std::size_t most_;
  std::string bytes_;
};

/// Builds a payload.
class PayloadWriter {
 public:
  PayloadWriter& u32(std::uint32_t value);
  PayloadWriter& i32(std::int32_t value);
  PayloadWriter& u64(std::uint64_t value);
  /// At most `most` bytes are kept: a text is for people, not for a parser.
  PayloadWriter& text(std::string_view value, std::size_t most = 4096);
  std::string take();

 private:
  std::string bytes_;
};

/// Reads one back; every read checks what is left. Throws Error{network}
/// naming the peer.
class PayloadReader {
 public:
  PayloadReader(std::string_view payload, std::string_view peer);
  std::uint32_t u32();
  std::int32_t i32();
  std::uint64_t u64();
  std::string text();
  /// Throws when bytes are left.
  void finish() const;

 private:
  std::string_view take(std::size_t n);
  std::string_view left_;
  std::string_view peer_;
};

} // namespace lockstep::link
