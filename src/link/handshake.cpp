#include "link/handshake.h"

#include "base/error.h"

namespace lockstep::link {

namespace {

constexpr std::string_view kRank = "rank";
constexpr std::string_view kLauncher = "launcher";

} // namespace

std::optional<Proof> Doorkeeper::admit(const Answer& answer) const {
  const bool right =
      answer.nonce.size() == kNonceBytes &&
      same_proof(
          answer.proof, secret_.proof(kRank, challenge_.nonce, answer.nonce));
  if (!right) {
    return std::nullopt;
  }
  return Proof{secret_.proof(kLauncher, challenge_.nonce, answer.nonce)};
}

Knock::Knock(const Secret& secret, const Challenge& challenge) {
  if (challenge.nonce.size() != kNonceBytes) {
    fail(
        ErrorKind::network,
        "the launcher's challenge has {} bytes, expected {}; it is not "
        "lockstep or another version",
        challenge.nonce.size(),
        kNonceBytes);
  }
  answer_.nonce = random_nonce();
  answer_.proof = secret.proof(kRank, challenge.nonce, answer_.nonce);
  expected_ = secret.proof(kLauncher, challenge.nonce, answer_.nonce);
}

void Knock::check(const Proof& proof) const {
  if (!same_proof(proof.proof, expected_)) {
    fail(
        ErrorKind::network,
        "who listens at the launcher's address does not know this run's "
        "secret; is it another launcher?");
  }
}

} // namespace lockstep::link
