#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "link/message.h"
#include "link/secret.h"

namespace lockstep::link {

// Both sides of a TCP connection prove that they know the run's secret before
// either believes a word: Challenge, Answer, Proof.

/// The launcher's side, for one connection.
class Doorkeeper {
 public:
  explicit Doorkeeper(const Secret& secret)
      : secret_(secret), challenge_{random_nonce()} {}

  const Challenge& challenge() const { return challenge_; }
  /// Our proof when the other side's is right, else nothing.
  std::optional<Proof> admit(const Answer& answer) const;

 private:
  Secret secret_;
  Challenge challenge_;
};

/// The rank's side.
class Knock {
 public:
  Knock(const Secret& secret, const Challenge& challenge);

  const Answer& answer() const { return answer_; }
  /// Throws Error{network} when the launcher does not know the secret.
  void check(const Proof& proof) const;

 private:
  Answer answer_;
  std::string expected_;
};

} // namespace lockstep::link
