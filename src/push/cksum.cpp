#include "push/cksum.h"

#include <array>
#include <cstddef>

namespace lockstep::push {

namespace {

constexpr std::uint32_t kPolynomial = 0x04c11db7;

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t crc = i << 24U;
    for (int bit = 0; bit < 8; ++bit) {
      crc = crc << 1U ^ ((crc >> 31U) != 0 ? kPolynomial : 0);
    }
    table[i] = crc;
  }
  return table;
}

constexpr auto kTable = make_table();

std::uint32_t with_byte(std::uint32_t crc, std::uint64_t byte) {
  return crc << 8U ^ kTable[(crc >> 24U ^ byte) & 0xffU];
}

} // namespace

void Cksum::add(std::string_view bytes) {
  for (const char byte : bytes) {
    crc_ = with_byte(crc_, static_cast<unsigned char>(byte));
  }
  n_bytes_ += bytes.size();
}

std::uint32_t Cksum::value() const {
  auto crc = crc_;
  for (auto left = n_bytes_; left > 0; left >>= 8U) {
    crc = with_byte(crc, left & 0xffU);
  }
  return ~crc;
}

} // namespace lockstep::push
