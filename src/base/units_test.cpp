#include "base/units.h"

#include <doctest/doctest.h>

using lockstep::format_bytes;
using lockstep::parse_bytes;

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

TEST_CASE("bytes are read as people write them") {
  // Seen to fail with: a fraction's digits all worth a tenth.
  CHECK(parse_bytes("0") == 0);
  CHECK(parse_bytes("1000000") == 1'000'000);
  CHECK(parse_bytes("12B") == 12);
  CHECK(parse_bytes("3K") == 3000);
  CHECK(parse_bytes("800M") == 800'000'000);
  CHECK(parse_bytes("16GB") == 16'000'000'000);
  CHECK(parse_bytes("12.34G") == 12'340'000'000);
  CHECK(parse_bytes("1.5") == 1);
  CHECK(parse_bytes("1.0000000009T") == 1'000'000'000'900);
  CHECK(parse_bytes("1000T") == 1'000'000'000'000'000);
  for (const char* text :
       {"",
        "G",
        ".5G",
        "5.G",
        "1.2.3G",
        "-1G",
        "+1",
        " 1G",
        "1G ",
        "1 G",
        "16GiB",
        "16g",
        "1e9",
        "0x10",
        "nan",
        "inf",
        "1001T",
        "1000.1T",
        "99999999999999999999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_bytes(text).has_value());
  }
}
