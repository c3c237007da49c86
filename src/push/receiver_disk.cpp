#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.h"
#include "push/receiver.h"

namespace lockstep::push {

namespace fs = std::filesystem;

using checkpoint::kBroughtName;

namespace {

[[noreturn]] void refuse(const fs::path& path, const char* what, int error) {
  fail(
      ErrorKind::network,
      "{}: cannot be {}: {}; is the place right? \"dir\" in the hosts file "
      "says "
      "where",
      path.string(),
      what,
      std::strerror(error));
}

void write_whole(const fs::path& path, const std::string& text) {
  constexpr mode_t kMode = 0644;
  const link::Descriptor fd(::open(
      path.c_str(),
      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
      kMode));
  for (std::size_t done = 0; fd && done < text.size();) {
    const auto n = ::write(fd.get(), text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      refuse(path, "written", errno);
    }
    done += static_cast<std::size_t>(n);
  }
  if (!fd) {
    refuse(path, "written", errno);
  }
  sync_to_disk(fd.get(), path);
}

} // namespace

// The list of what is here is unfinished from the first change to the last, so
// that nobody takes the folder for a whole model.
void Receiver::start_changing() {
  if (lock_) {
    return;
  }
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) {
    refuse(folder_, "made", error.value());
  }
  link::Descriptor lock(
      ::open(folder_.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW));
  if (!lock) {
    refuse(folder_, "opened", errno);
  }
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    fail(
        ErrorKind::network,
        "{}: another push is writing there; wait for its end",
        folder_.string());
  }
  const auto list = folder_ / kBroughtName;
  const auto unfinished = list.string() + ".part";
  if (has_whole_list_) {
    if (::rename(list.c_str(), unfinished.c_str()) != 0) {
      refuse(list, "written", errno);
    }
  } else if (!fs::exists(unfinished, error)) {
    write_whole(unfinished, checkpoint::brought_text({}));
  }
  lock_ = std::move(lock);
}

// What an earlier push brought and this one does not want.
void Receiver::remove_others() const {
  std::error_code error;
  for (fs::directory_iterator it(folder_, error), end; !error && it != end;
       it.increment(error)) {
    const auto name = it->path().filename().string();
    const bool is_wanted =
        std::any_of(files_.begin(), files_.end(), [&](const PartFile& file) {
          return file.name() == name;
        });
    if (!is_wanted && !name.starts_with(kBroughtName)) {
      fs::remove(it->path(), error);
    }
  }
  if (error) {
    refuse(folder_, "cleared", error.value());
  }
}

void Receiver::write_list(const std::string& text) const {
  const auto list = folder_ / kBroughtName;
  const auto unfinished = list.string() + ".part";
  write_whole(unfinished, text);
  if (::rename(unfinished.c_str(), list.c_str()) != 0) {
    refuse(list, "written", errno);
  }
  ::fsync(lock_.get()); // of the names; not every file system can
}

} // namespace lockstep::push
