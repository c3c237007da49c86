#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <unistd.h>

#include "base/error.h"
#include "launch/started_by.h"

namespace lockstep::launch {

// A file that is gone with the test.
class TextFile {
 public:
  explicit TextFile(const std::string& text) {
    path_ = (std::filesystem::temp_directory_path() / "ranks-XXXXXX").string();
    ::close(::mkstemp(path_.data()));
    std::ofstream(path_) << text;
  }
  ~TextFile() { std::filesystem::remove(path_); }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline void check_refused(
    const Environment& environment,
    const std::vector<std::string>& words,
    ErrorKind kind = ErrorKind::usage) {
  try {
    started_by(environment);
    FAIL("taken");
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    const std::string text = error.what();
    for (const auto& word : words) {
      CAPTURE(text);
      CAPTURE(word);
      CHECK(text.find(word) != std::string::npos);
    }
  }
}

inline constexpr char kTwo[] = R"([["127.0.0.1:5000"], ["127.0.0.1:5001"]])";

} // namespace lockstep::launch
