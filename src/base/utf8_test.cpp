#include "base/utf8.h"

#include <doctest/doctest.h>

using lockstep::find_invalid_utf8;

TEST_CASE("only what RFC 3629 allows is UTF-8") {
  // Seen to fail with: surrogates allowed; 0xC0 as a first byte.
  CHECK(!find_invalid_utf8(""));
  CHECK(!find_invalid_utf8("plain \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"));
  CHECK(!find_invalid_utf8("\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF"));
  CHECK(find_invalid_utf8("a\xFF") == 1);
  CHECK(find_invalid_utf8("\xC0\x80") == 0);
  CHECK(find_invalid_utf8("ab\xE0\x9F\xBF") == 2);
  CHECK(find_invalid_utf8("\xED\xA0\x80") == 0);
  CHECK(find_invalid_utf8("\xF4\x90\x80\x80") == 0);
  CHECK(find_invalid_utf8("xy\xE2\x82") == 2);
  CHECK(find_invalid_utf8("\xE2\x82z") == 0);
  CHECK(find_invalid_utf8("\x80") == 0);
}
