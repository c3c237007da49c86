#include "base/utf8.h"

#include <doctest/doctest.h>

using lockstep::find_invalid_utf8;
using lockstep::one_line;

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

TEST_CASE("text from outside is shown as a part of one line") {
  // Seen to fail with: bytes from 0x80 kept.
  CHECK(one_line("plain ~ text", 80) == "plain ~ text");
  CHECK(one_line("a\nb\x1b[31m\x7f\xC3\xA9", 80) == "a?b?[31m???");
  CHECK(one_line("abcd", 4) == "abcd");
  CHECK(one_line("abcde", 4) == "abcd...");
}
