#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "push/program_files.h"

namespace lockstep::push {

/// The bytes of a tar archive (POSIX ustar) of some files, made as they are
/// asked for.
class TarStream {
 public:
  /// Keeps a reference to `files`. Throws Error{config} when a place is too
  /// long for the format.
  explicit TarStream(const std::vector<ProgramFile>& files);

  /// The next of it, 1 MiB at most; empty at its end. Throws Error{config} when
  /// a file cannot be read.
  std::string next();
  std::uint64_t total() const { return total_; }

 private:
  const std::vector<ProgramFile>& files_;
  std::size_t file_ = 0;
  bool is_in_file_ = false; // its header is written
  bool has_ended_ = false;
  std::uint64_t at_ = 0; // of its bytes
  std::unique_ptr<const File> open_;
  std::uint64_t total_ = 0;
};

} // namespace lockstep::push
