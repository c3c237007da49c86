#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace lockstep::link {

/// The variable in which a rank that is not its launcher's neighbour gets the
/// secret of its run.
inline constexpr char kSecretVariable[] = "LOCKSTEP_SECRET";

/// What one run's launcher and ranks know and nobody else does. It never
/// travels over the control link: each side proves that it knows it
/// (challenge and response, as in RFC 2195, with HMAC-SHA-256).
class Secret {
 public:
  /// A new one, from the system's source of random bytes.
  static Secret random();
  /// From text(). Throws Error{usage} that does not show it.
  static Secret from_text(std::string_view hex);

  std::string text() const; // 64 hexadecimal digits

  /// 32 bytes that only who knows the secret can make: `role` is who proves,
  /// so that nobody can hand a proof back; the nonces are both sides'.
  std::string proof(
      std::string_view role,
      std::string_view challenge,
      std::string_view answer) const;

 private:
  static constexpr std::size_t kBytes = 32;
  std::array<unsigned char, kBytes> bytes_{};
};

inline constexpr std::size_t kNonceBytes = 32;
std::string random_nonce();

/// Compares in a time that does not tell where they differ.
bool same_proof(std::string_view a, std::string_view b);

} // namespace lockstep::link
