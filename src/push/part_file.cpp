#include "push/part_file.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "link/digest.h"

namespace lockstep::push {

namespace fs = std::filesystem;

using checkpoint::BroughtFile;
using checkpoint::BroughtPiece;

PartFile::PartFile(
    const fs::path& folder, FileBegin file, const std::vector<Span>& spans)
    : path_(folder / file.name),
      part_(folder / (file.name + ".part")),
      file_(std::move(file)),
      spans_(spans) {
  for (const auto& span : pieces_of(spans)) {
    pieces_.push_back({span, "", State::missing});
  }
  n_open_ = pieces_.size();
}

void PartFile::refuse(const fs::path& path) const {
  const int error = errno;
  fail(
      ErrorKind::network,
      "{}: cannot be {}: {}{}",
      path.string(),
      is_writing_ ? "written" : "read",
      std::strerror(error),
      error == ENOSPC ? "; make room there, or give another \"dir\" in the "
                        "hosts file"
                      : "");
}

void PartFile::look() {
  for (const auto& path : {path_, part_}) {
    fd_ = link::Descriptor(
        ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat info{};
    if (!fd_ && errno == ENOENT) {
      continue;
    }
    if (!fd_ || ::fstat(fd_.get(), &info) != 0) {
      refuse(path);
    }
    if (!S_ISREG(info.st_mode)) {
      fail(
          ErrorKind::network,
          "{}: is no regular file; move it away",
          path.string());
    }
    before_ = path;
    size_before_ = static_cast<std::uint64_t>(info.st_size);
    return;
  }
}

// Empty when nothing was written there.
std::string PartFile::digest_on_disk(const Span& span) const {
  if (before_.empty() || span.end() > size_before_) {
    return "";
  }
  const auto data =
      ::lseek(fd_.get(), static_cast<off_t>(span.offset), SEEK_DATA);
  if (data < 0 ? errno == ENXIO
               : static_cast<std::uint64_t>(data) >= span.end()) {
    return "";
  }
  std::string bytes(span.bytes, '\0');
  for (std::size_t done = 0; done < bytes.size();) {
    const auto n = ::pread(
        fd_.get(),
        bytes.data() + done,
        bytes.size() - done,
        static_cast<off_t>(span.offset + done));
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      refuse(before_);
    }
    done += static_cast<std::size_t>(n);
  }
  return link::digest_of(bytes);
}

void PartFile::compare(
    const BroughtFile* known,
    bool verify,
    const std::function<void(std::uint64_t, const std::string&)>& tell) {
  look();
  const bool is_unchanged = !verify && known != nullptr && before_ == path_ &&
                            known->size == size_before_ &&
                            known->written_ns == written_ns(path_);
  const bool is_same = is_unchanged && known->size == file_.size &&
                       known->source == file_.source;
  if (is_same) {
    others_ = known->pieces;
    const auto held = known->held();
    for (auto& piece : pieces_) {
      if (checkpoint::covers(held, piece.span)) {
        settle(piece, "");
        tell(piece.span.offset, "");
      }
    }
  }
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> noted;
  if (is_unchanged) {
    for (const auto& piece : known->pieces) {
      noted[{piece.span.offset, piece.span.bytes}] = piece.digest;
    }
  }
  for (auto& piece : pieces_) {
    if (piece.state == State::right) {
      continue;
    }
    const auto found = noted.find({piece.span.offset, piece.span.bytes});
    piece.digest =
        found != noted.end() ? found->second : digest_on_disk(piece.span);
    if (!piece.digest.empty()) {
      piece.state = State::told;
      tell(piece.span.offset, piece.digest);
    }
  }
}

std::uint64_t PartFile::missing_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& piece : pieces_) {
    sum += piece.state == State::missing ? piece.span.bytes : 0;
  }
  return sum;
}

PartFile::PieceState& PartFile::at(std::uint64_t offset) {
  const auto found = std::lower_bound(
      pieces_.begin(),
      pieces_.end(),
      offset,
      [](const PieceState& piece, std::uint64_t wanted) {
        return piece.span.offset < wanted;
      });
  if (found == pieces_.end() || found->span.offset != offset) {
    fail(
        ErrorKind::network,
        "{}: a piece at byte {} came, which nobody announced",
        file_.name,
        offset);
  }
  return *found;
}

void PartFile::settle(PieceState& piece, std::string digest) {
  n_open_ -= piece.state == State::right ? 0 : 1;
  piece.state = State::right;
  piece.digest = std::move(digest);
}

void PartFile::keep(std::uint64_t offset) {
  auto& piece = at(offset);
  if (piece.state == State::missing) {
    fail(
        ErrorKind::network,
        "{}: the piece at byte {} is to be kept and is not here",
        file_.name,
        offset);
  }
  settle(piece, piece.digest);
}

void PartFile::open_part() {
  is_writing_ = true;
  if (before_ == path_ && ::rename(path_.c_str(), part_.c_str()) != 0) {
    refuse(path_);
  }
  before_ = part_;
  constexpr mode_t kMode = 0644;
  fd_ = link::Descriptor(
      ::open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kMode));
  if (!fd_ || ::ftruncate(fd_.get(), static_cast<off_t>(file_.size)) != 0) {
    refuse(part_);
  }
  size_before_ = file_.size;
}

bool PartFile::write(const Piece& piece) {
  auto& state = at(piece.offset);
  if (piece.bytes.size() != state.span.bytes ||
      link::digest_of(piece.bytes) != piece.digest) {
    return false;
  }
  if (!is_writing_) {
    open_part();
  }
  for (std::size_t done = 0; done < piece.bytes.size();) {
    const auto n = ::pwrite(
        fd_.get(),
        piece.bytes.data() + done,
        piece.bytes.size() - done,
        static_cast<off_t>(piece.offset + done));
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      refuse(part_);
    }
    done += static_cast<std::size_t>(n);
  }
  settle(state, piece.digest);
  return true;
}

bool PartFile::is_unfinished() const {
  return before_ != path_ || size_before_ != file_.size;
}

BroughtFile PartFile::finish() {
  if (is_unfinished()) {
    if (!is_writing_) {
      open_part();
    }
    sync_to_disk(fd_.get(), part_);
    if (::rename(part_.c_str(), path_.c_str()) != 0) {
      refuse(path_);
    }
    before_ = path_;
  }
  fd_.reset();
  BroughtFile brought{
      file_.name, file_.size, file_.source, written_ns(path_), others_};
  for (const auto& piece : pieces_) {
    if (!piece.digest.empty()) { // else it is in others_
      brought.pieces.push_back({piece.span, piece.digest});
    }
  }
  std::stable_sort(
      brought.pieces.begin(),
      brought.pieces.end(),
      [](const BroughtPiece& a, const BroughtPiece& b) {
        return a.span.offset < b.span.offset;
      });
  return brought;
}

std::int64_t written_ns(const fs::path& path) {
  std::error_code error;
  const auto time = fs::last_write_time(path, error).time_since_epoch();
  if (error) {
    fail(
        ErrorKind::network,
        "{}: cannot be read: {}",
        path.string(),
        error.message());
  }
  return static_cast<std::int64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(time).count());
}

void sync_to_disk(int fd, const fs::path& path) {
  // Some file systems have nothing to do and say so by EINVAL.
  if (::fsync(fd) != 0 && errno != EINVAL) {
    fail(
        ErrorKind::network,
        "{}: cannot be written: {}",
        path.string(),
        std::strerror(errno));
  }
}

} // namespace lockstep::push
