#include "base/file.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace lockstep {

File::File(const std::filesystem::path& path) : path_(path) {
  // Opening a pipe must not wait for a writer.
  fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0) {
    fail(
        ErrorKind::config,
        "{}: cannot be opened: {}",
        path.string(),
        std::strerror(errno));
  }
  struct stat info{};
  if (::fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd_);
    fail(ErrorKind::config, "{}: is not a regular file", path.string());
  }
  size_ = static_cast<std::uint64_t>(info.st_size);
}

File::~File() {
  ::close(fd_);
}

void File::read_at(std::uint64_t offset, std::span<std::byte> out) const {
  if (offset > size_ || out.size() > size_ - offset) {
    fail(
        ErrorKind::config,
        "{}: bytes {} to {} lie outside the file of {} bytes; "
        "it is truncated or damaged",
        path_.string(),
        offset,
        offset + out.size(),
        size_);
  }
  std::size_t done = 0;
  while (done < out.size()) {
    constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;
    const auto n = ::pread(
        fd_,
        out.data() + done,
        std::min(out.size() - done, kMostAtOnce),
        static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      fail(
          ErrorKind::config,
          "{}: reading at byte {} failed: {}",
          path_.string(),
          offset + done,
          n < 0 ? std::strerror(errno) : "the file has become shorter");
    }
    done += static_cast<std::size_t>(n);
  }
  bytes_read_.fetch_add(out.size(), std::memory_order_relaxed);
}

std::string read_text_file(
    const std::filesystem::path& path, std::uint64_t max_bytes) {
  const File file(path);
  if (file.size() > max_bytes) {
    fail(
        ErrorKind::config,
        "{}: has {} bytes, expected at most {}",
        path.string(),
        file.size(),
        max_bytes);
  }
  std::string text(file.size(), '\0');
  file.read_at(0, std::as_writable_bytes(std::span(text)));
  return text;
}

std::filesystem::path expand_home(const std::string& path) {
  constexpr std::string_view kHome = "~/";
  const char* home = std::getenv("HOME");
  return path.starts_with(kHome) && home != nullptr
             ? std::filesystem::path(home) / path.substr(kHome.size())
             : std::filesystem::path(path);
}

} // namespace lockstep
