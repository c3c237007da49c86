#include "link/digest.h"

#include <doctest/doctest.h>

namespace lockstep::link {

TEST_CASE("digests are BLAKE2b's of 256 bits") {
  // From Python's hashlib.blake2b(…, digest_size=32). Seen to fail with: a
  // digest of 512 bits.
  CHECK(
      digest_of("") ==
      "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
  CHECK(
      digest_of("lockstep") ==
      "50742757053a85c0543e346a1e51b6af346373153d1148a8630993b1b4be8a9f");
}

} // namespace lockstep::link
