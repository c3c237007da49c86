#include "link/secret.h"

#include <cstdint>

#include <sodium.h>

#include "base/error.h"

namespace lockstep::link {

namespace {

void require_sodium() {
  if (::sodium_init() < 0) {
    fail(ErrorKind::internal, "the system gives no random bytes");
  }
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

} // namespace

Secret Secret::random() {
  require_sodium();
  Secret secret;
  ::randombytes_buf(secret.bytes_.data(), secret.bytes_.size());
  return secret;
}

Secret Secret::from_text(std::string_view hex) {
  require_sodium();
  Secret secret;
  std::size_t size = 0;
  const char* end = nullptr;
  const bool good = ::sodium_hex2bin(
                        secret.bytes_.data(),
                        secret.bytes_.size(),
                        hex.data(),
                        hex.size(),
                        nullptr,
                        &size,
                        &end) == 0;
  if (!good || size != kBytes || end != hex.data() + hex.size()) {
    fail(
        ErrorKind::usage,
        "environment: {} has {} characters, expected {} hexadecimal digits",
        kSecretVariable,
        hex.size(),
        2 * kBytes);
  }
  return secret;
}

std::string Secret::text() const {
  std::string hex(2 * kBytes + 1, '\0');
  ::sodium_bin2hex(hex.data(), hex.size(), bytes_.data(), bytes_.size());
  hex.pop_back();
  return hex;
}

std::string Secret::proof(
    std::string_view role,
    std::string_view challenge,
    std::string_view answer) const {
  require_sodium();
  crypto_auth_hmacsha256_state state;
  ::crypto_auth_hmacsha256_init(&state, bytes_.data(), bytes_.size());
  for (const auto part : {role, challenge, answer}) {
    // The length goes along, so that no two lists of parts look the same.
    const auto size = static_cast<std::uint8_t>(part.size());
    ::crypto_auth_hmacsha256_update(&state, &size, sizeof(size));
    ::crypto_auth_hmacsha256_update(&state, bytes_of(part), part.size());
  }
  std::string proof(crypto_auth_hmacsha256_BYTES, '\0');
  ::crypto_auth_hmacsha256_final(
      &state, reinterpret_cast<unsigned char*>(proof.data()));
  return proof;
}

std::string random_nonce() {
  require_sodium();
  std::string nonce(kNonceBytes, '\0');
  ::randombytes_buf(nonce.data(), nonce.size());
  return nonce;
}

bool same_proof(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         ::sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace lockstep::link
