#include "link/secret.h"

#include <string>

#include <doctest/doctest.h>

#include "base/error.h"
#include "link/handshake.h"

using namespace lockstep;
using namespace lockstep::link;

namespace {

std::string hex(const std::string& bytes) {
  std::string text;
  for (const char c : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

} // namespace

// The expected value is from Python:
//   hmac.new(bytes([7] * 32), b"\x04rank\x01a\x02bc", "sha256").hexdigest()
// Seen to fail with: proof() leaving the lengths out.
TEST_CASE("a proof is the HMAC of role and nonces") {
  std::string text;
  for (int i = 0; i < 32; ++i) {
    text += "07";
  }
  const auto secret = Secret::from_text(text);
  CHECK(secret.text() == text);
  CHECK(
      hex(secret.proof("rank", "a", "bc")) ==
      "4dbcf9794173064a1fae711cbd4aba6474db6cd140723e5e30e0eff4c3d92485");
  CHECK(secret.proof("rank", "ab", "c") != secret.proof("rank", "a", "bc"));
}

TEST_CASE("what is no secret is refused without being shown") {
  const std::string texts[] = {
      "",
      "07",
      std::string(63, 'a'),
      std::string(65, 'a'),
      std::string(66, 'a'),
      std::string(64, 'g'),
      std::string(1000, '0')};
  for (const auto& text : texts) {
    CAPTURE(text);
    try {
      Secret::from_text(text);
      FAIL("taken");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK(
          std::string(error.what()).find("LOCKSTEP_SECRET") !=
          std::string::npos);
      const bool shown =
          !text.empty() &&
          std::string(error.what()).find(text) != std::string::npos;
      CHECK(!shown);
    }
  }
}

// Seen to fail with: kLauncher being "rank".
TEST_CASE("both sides prove that they know the secret, each its own way") {
  const auto secret = Secret::random();
  const auto other = Secret::random();
  const Doorkeeper door(secret);
  const Knock knock(secret, door.challenge());
  const auto proof = door.admit(knock.answer());
  REQUIRE(proof);
  CHECK_NOTHROW(knock.check(*proof));

  CHECK(!door.admit(Knock(other, door.challenge()).answer()));
  CHECK(!door.admit({"", ""}));
  CHECK(!door.admit({random_nonce(), ""}));
  // An answer to another challenge, and our own proof handed back.
  CHECK(!Doorkeeper(secret).admit(knock.answer()));
  CHECK_THROWS_AS(knock.check({knock.answer().proof}), Error);
  CHECK_THROWS_AS(knock.check({""}), Error);
  CHECK_THROWS_AS(Knock(secret, {"short"}), Error);
}
