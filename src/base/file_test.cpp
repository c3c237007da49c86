#include "base/file.h"

#include <array>
#include <cstddef>
#include <span>
#include <string>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "base/error.h"
#include "support/refused.h"
#include "support/temp_folder.h"

namespace lockstep {

using testing::check_refused;
using testing::TempFolder;

// Seen to fail with: the offset ignored.
TEST_CASE("a file gives the bytes asked for and counts them") {
  const TempFolder folder;
  const File file(folder.write("a.bin", "0123456789"));
  CHECK(file.size() == 10);
  std::string text(4, '\0');
  file.read_at(3, std::as_writable_bytes(std::span(text)));
  CHECK(text == "3456");
  file.read_at(10, {});
  CHECK(file.bytes_read() == 4);
}

// Seen to fail with: an end that wraps.
TEST_CASE("a range outside the file is refused") {
  const TempFolder folder;
  const File file(folder.write("a.bin", "0123456789"));
  std::array<std::byte, 4> out{};
  for (const std::uint64_t offset : {7ull, 11ull, ~0ull, ~0ull - 3}) {
    check_refused(ErrorKind::config, {"a.bin", "10 bytes"}, [&] {
      file.read_at(offset, out);
    });
  }
  CHECK(file.bytes_read() == 0);
}

// Seen to fail with: no O_NONBLOCK (it hangs).
TEST_CASE("what is no regular file is refused at once") {
  const TempFolder folder;
  const auto fifo = folder.path() / "pipe";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  check_refused(
      ErrorKind::config, {"pipe", "regular"}, [&] { File file(fifo); });
  check_refused(ErrorKind::config, {folder.path().string(), "regular"}, [&] {
    File file(folder.path());
  });
  check_refused(ErrorKind::config, {"none.bin", "opened"}, [&] {
    File file(folder.path() / "none.bin");
  });
}

// Seen to fail with: no limit.
TEST_CASE("a text file above its limit is refused") {
  const TempFolder folder;
  const auto path = folder.write("a.txt", "0123456789");
  CHECK(read_text_file(path, 10) == "0123456789");
  check_refused(ErrorKind::config, {"a.txt", "10 bytes", "9"}, [&] {
    read_text_file(path, 9);
  });
}

} // namespace lockstep
