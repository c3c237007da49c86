#include "base/units.h"

#include <doctest/doctest.h>

using lockstep::format_bytes;

TEST_CASE("bytes are shown with three digits and a unit") {
  // Seen to fail with: 1024 instead of 1000 as the step.
  CHECK(format_bytes(0) == "0 B");
  CHECK(format_bytes(999) == "999 B");
  CHECK(format_bytes(1000) == "1.00 kB");
  CHECK(format_bytes(99'949) == "99.9 kB");
  CHECK(format_bytes(99'950) == "100 kB");
  CHECK(format_bytes(999'600) == "1.00 MB");
  CHECK(format_bytes(1'360'000'000) == "1.36 GB");
  CHECK(format_bytes(~0ULL) == "18.4 EB");
}
