#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace lockstep {

/// A file opened for reading at explicit offsets. Counts what it reads, so that
/// a rank can show that it reads its own layers and nothing else.
class File {
 public:
  /// Throws Error{config} naming the path when it is missing, not a regular
  /// file or not readable.
  explicit File(const std::filesystem::path& path);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }
  /// Bytes read through this object so far; any thread.
  std::uint64_t bytes_read() const {
    return bytes_read_.load(std::memory_order_relaxed);
  }

  /// Fills `out` from `offset`; throws Error{config} when the range does not
  /// lie inside the file or the file has become shorter. Any thread.
  void read_at(std::uint64_t offset, std::span<std::byte> out) const;

 private:
  std::filesystem::path path_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
  mutable std::atomic<std::uint64_t> bytes_read_{0};
};

/// A whole small text file; throws Error{config} when it is larger than
/// `max_bytes` or unreadable.
std::string read_text_file(
    const std::filesystem::path& path, std::uint64_t max_bytes = 256u << 20);

/// A path that may begin with "~/", the home directory of this process's user.
std::filesystem::path expand_home(const std::string& path);

} // namespace lockstep
