#include "launch/run_directory.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace lockstep::launch {

namespace {

namespace fs = std::filesystem;

constexpr char kPrefix[] = "lockstep-";
constexpr char kLock[] = "lock";

fs::path base_directory() {
  fs::path memory = "/dev/shm";
  if (::access(memory.c_str(), W_OK | X_OK) == 0) {
    return memory;
  }
  const char* temporary = std::getenv("TMPDIR");
  return temporary != nullptr && *temporary == '/' ? temporary : "/tmp";
}

link::Descriptor take_lock(const fs::path& file, int flags) {
  link::Descriptor lock(::open(file.c_str(), O_RDWR | O_CLOEXEC | flags, 0600));
  if (lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    lock.reset();
  }
  return lock;
}

bool is_ours(const fs::path& directory) {
  struct stat info{};
  return ::lstat(directory.c_str(), &info) == 0 && S_ISDIR(info.st_mode) &&
         info.st_uid == ::geteuid();
}

// Only a directory whose lock file exists and is free was left behind: a new
// one is locked before its file gets this name.
void remove_left_behind(const fs::path& base) {
  std::error_code error;
  for (fs::directory_iterator entry(base, error), end; !error && entry != end;
       entry.increment(error)) {
    const auto& path = entry->path();
    if (!path.filename().string().starts_with(kPrefix) || !is_ours(path)) {
      continue;
    }
    if (const auto lock = take_lock(path / kLock, 0)) {
      std::error_code ignored; // somebody else's turn will come
      fs::remove_all(path, ignored);
    }
  }
}

} // namespace

RunDirectory::RunDirectory() : RunDirectory(base_directory()) {
}

RunDirectory::RunDirectory(const fs::path& base) {
  remove_left_behind(base);
  std::string name = (base / (std::string(kPrefix) + "XXXXXX")).string();
  if (::mkdtemp(name.data()) == nullptr) {
    fail(
        ErrorKind::network,
        "{}: no directory can be made there: {}; set TMPDIR to a place that "
        "can be written",
        base.string(),
        std::strerror(errno));
  }
  path_ = name;
  const auto unnamed = path_ / "lock.new";
  lock_ = take_lock(unnamed, O_CREAT | O_EXCL);
  std::error_code error;
  fs::rename(unnamed, path_ / kLock, error);
  if (!lock_ || error) {
    fs::remove_all(path_, error);
    fail(
        ErrorKind::network,
        "{}: no file can be locked there; set TMPDIR to a local place",
        base.string());
  }
}

RunDirectory::~RunDirectory() {
  std::error_code ignored; // the next run tries again
  fs::remove_all(path_, ignored);
}

fs::path RunDirectory::write(const char* name, const std::string& text) const {
  const auto path = path_ / name;
  const link::Descriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  std::size_t done = 0;
  while (file && done < text.size()) {
    const auto n = ::write(file.get(), text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      break;
    }
    done += static_cast<std::size_t>(n);
  }
  if (!file || done < text.size()) {
    fail(
        ErrorKind::network,
        "{}: cannot be written: {}",
        path.string(),
        std::strerror(errno));
  }
  return path;
}

} // namespace lockstep::launch
