#include "link/digest.h"

#include <array>

#include <sodium.h>

namespace lockstep::link {

std::string digest_of(std::string_view bytes) {
  std::array<unsigned char, crypto_generichash_BYTES> digest{};
  ::crypto_generichash(
      digest.data(),
      digest.size(),
      reinterpret_cast<const unsigned char*>(bytes.data()),
      bytes.size(),
      nullptr,
      0);
  std::string hex(2 * digest.size() + 1, '\0');
  ::sodium_bin2hex(hex.data(), hex.size(), digest.data(), digest.size());
  hex.pop_back();
  return hex;
}

} // namespace lockstep::link
