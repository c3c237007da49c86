#include "push/program_files.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "base/error.h"
#include "base/file.h"
#include "push/cksum.h"
#include "push/loaded_files.h"
#include "push/tar_stream.h"
#include "support/refused.h"
#include "support/temp_folder.h"

namespace lockstep::push {

namespace fs = std::filesystem;

using testing::TempFolder;

namespace {

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
    text += static_cast<char>(c);
  }
  ::pclose(pipe);
  return text;
}

} // namespace

TEST_CASE("an archive is unpacked by the system's tar, byte for byte") {
  // Seen to fail with: files not filled up to blocks, the prefix left out.
  const TempFolder folder;
  const auto large = folder.write("large", std::string((3U << 20U) + 77, 'x'));
  const std::string deep = std::string(90, 'd') + "/" + std::string(80, 'e');
  std::vector<ProgramFile> files{
      {"bin/run", {}, "#!/bin/sh\necho ran\n", 19, true},
      {"empty", {}, "", 0, false},
      {deep, {}, "deep", 4, false},
      {"lib/large", large, "", fs::file_size(large), false}};
  TarStream stream(files);
  std::string archive;
  while (true) {
    const auto bytes = stream.next();
    if (bytes.empty()) {
      break;
    }
    archive += bytes;
  }
  CHECK(archive.size() == stream.total());
  folder.write("archive", archive);
  const TempFolder to;
  const auto in = "cd " + to.path().string() + " && ";
  CHECK(
      output_of(
          in + "tar -xf " + (folder.path() / "archive").string() + " 2>&1") ==
      "");
  CHECK(output_of(in + "bin/run") == "ran\n");
  CHECK(read_text_file(to.path() / deep) == "deep");
  const bool is_same =
      read_text_file(to.path() / "lib/large") == read_text_file(large);
  CHECK(is_same);
  CHECK(fs::file_size(to.path() / "empty") == 0);
  // The same that `cksum` says of them there.
  auto lines = checksum_lines(files);
  for (const auto& line : lines) {
    const auto place = line.substr(line.rfind(' ') + 1);
    CHECK(output_of(in + "cksum " + place) == line + "\n");
  }
}

TEST_CASE("a place too long for an archive is refused") {
  const std::vector<ProgramFile> files{
      {std::string(120, 'x'), {}, "", 0, false}};
  testing::check_refused(
      ErrorKind::config, {"xxx", "too long"}, [&] { TarStream{files}; });
}

TEST_CASE("a program comes with the libraries it has loaded") {
  // Seen to fail with: libraries of the system not told apart.
  const auto files = program_files("/bin/sh");
  const auto has = [&](const std::string& part) {
    return std::any_of(files.begin(), files.end(), [&](const auto& file) {
      return file.place.find(part) != std::string::npos;
    });
  };
  CHECK(has("bin/lockstep"));
  CHECK(has("lib/lockstep/lockstep"));
  CHECK(has(kProgramMark));
  CHECK(has("lib/lockstep/libfmt."));
  CHECK(!has("libc.so"));
  CHECK(!has("ld-linux"));
  CHECK(!has("libSystem"));
  for (const auto& file : files) {
    CHECK(file.place.find("..") == std::string::npos);
    CHECK(!file.place.starts_with('/'));
  }
}

} // namespace lockstep::push
