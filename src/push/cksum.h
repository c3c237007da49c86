#pragma once

#include <cstdint>
#include <string_view>

namespace lockstep::push {

/// The checksum that every system's `cksum` prints (POSIX: a CRC of 32 bits over
/// the bytes and their number). It finds damage; it does not stand up to malice.
class Cksum {
 public:
  void add(std::string_view bytes);
  /// Of all that was added.
  std::uint32_t value() const;

 private:
  std::uint32_t crc_ = 0;
  std::uint64_t n_bytes_ = 0;
};

} // namespace lockstep::push
