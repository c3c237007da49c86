#include "push/receiver.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/units.h"
#include "base/utf8.h"
#include "checkpoint/model_folder.h"

namespace lockstep::push {

namespace fs = std::filesystem;

using checkpoint::kBroughtName;

namespace {

constexpr std::size_t kMostFiles = 8192;
constexpr std::uint64_t kMostPieces = std::uint64_t{4} << 20;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 50;

std::string unfinished_list() {
  return std::string(kBroughtName) + ".part";
}

void check_name(const std::string& name) {
  constexpr std::size_t kMost = 200;
  constexpr std::size_t kShown = 80;
  if (!checkpoint::is_plain_name(name) || name.size() > kMost ||
      find_invalid_utf8(name) || name.starts_with(".") ||
      name.ends_with(".part")) {
    fail(
        ErrorKind::network,
        "\"{}\" is no name that can be pushed, expected at most {} characters "
        "without \"/\", \":\" or control characters, not beginning with \".\" "
        "nor ending with \".part\"",
        one_line(name, kShown),
        kMost);
  }
}

} // namespace

Receiver::Receiver(fs::path models, Send send)
    : models_(std::move(models)), send_(std::move(send)) {
}

void Receiver::expect(Phase phase) const {
  if (phase_ != phase) {
    fail(
        ErrorKind::network,
        "messages came in another order than a push has; is the same lockstep "
        "installed everywhere?");
  }
}

void Receiver::take(const Message& message) {
  if (const auto* first = std::get_if<Begin>(&message)) {
    begin(*first);
  } else if (const auto* file = std::get_if<FileBegin>(&message)) {
    add(*file);
  } else if (const auto* spans = std::get_if<FileSpans>(&message)) {
    add(*spans);
  } else if (std::get_if<PlanEnd>(&message) != nullptr) {
    compare();
  } else if (const auto* kept = std::get_if<Keep>(&message)) {
    keep(*kept);
  } else if (const auto* piece = std::get_if<Piece>(&message)) {
    write(*piece);
  } else if (std::get_if<Finish>(&message) != nullptr) {
    expect(Phase::filling);
    is_finishing_ = true;
    finish();
  } else {
    expect(Phase::done); // none of the sender's
  }
}

void Receiver::begin(const Begin& begin) {
  expect(Phase::start);
  check_name(begin.model);
  phase_ = Phase::planning;
  verify_ = begin.verify;
  folder_ = models_ / begin.model;
  std::error_code ignored;
  has_whole_list_ = fs::exists(folder_ / kBroughtName, ignored);
  const auto list = folder_ / (has_whole_list_ ? std::string(kBroughtName)
                                               : unfinished_list());
  if (fs::exists(fs::symlink_status(folder_, ignored)) &&
      !fs::exists(list, ignored)) {
    fail(
        ErrorKind::network,
        "{}: is there and is not lockstep push's; move it away, or give "
        "another "
        "\"dir\" in the hosts file",
        folder_.string());
  }
  try {
    known_ = checkpoint::read_brought(list);
  } catch (const Error&) {
    known_.reset(); // all that is here is read instead
  }
}

void Receiver::add(const FileBegin& file) {
  expect(Phase::planning);
  check_name(file.name);
  const bool is_new =
      std::none_of(planned_.begin(), planned_.end(), [&](const Planned& other) {
        return other.file.name == file.name;
      });
  if (!is_new || planned_.size() >= kMostFiles || file.size > kMostBytes ||
      find_invalid_utf8(file.source)) {
    fail(
        ErrorKind::network,
        "{}: is announced twice, as file {} or with {} bytes, expected each "
        "once, at most {} files of {} bytes",
        file.name,
        planned_.size() + 1,
        file.size,
        kMostFiles,
        kMostBytes);
  }
  planned_.push_back({file, {}});
}

void Receiver::add(const FileSpans& spans) {
  expect(Phase::planning);
  if (planned_.empty()) {
    expect(Phase::filling);
  }
  auto& planned = planned_.back();
  for (const auto& span : spans.spans) {
    const auto least =
        planned.spans.empty() ? 0 : planned.spans.back().end() + 1;
    const auto size = planned.file.size;
    if (span.bytes == 0 || span.offset < least || span.offset > size ||
        span.bytes > size - span.offset) {
      fail(
          ErrorKind::network,
          "{}: {} bytes at {} are announced, expected some within the file of "
          "{}, after those before",
          planned.file.name,
          span.bytes,
          span.offset,
          size);
    }
    planned.spans.push_back(span);
    n_planned_pieces_ += span.bytes / kPieceBytes + 2;
  }
  if (n_planned_pieces_ > kMostPieces) {
    fail(
        ErrorKind::network,
        "over {} pieces are announced, expected at most that",
        kMostPieces);
  }
}

void Receiver::compare() {
  expect(Phase::planning);
  phase_ = Phase::filling;
  for (const auto& planned : planned_) {
    const auto index = static_cast<std::uint32_t>(files_.size());
    files_.emplace_back(folder_, planned.file, planned.spans);
    files_.back().compare(
        known_ ? known_->find(planned.file.name) : nullptr,
        verify_,
        [&](std::uint64_t offset, const std::string& digest) {
          send_(Has{index, offset, digest});
        });
  }
  check_room();
  send_(Compared{});
}

void Receiver::check_room() const {
  constexpr std::uint64_t kMargin = std::uint64_t{16} << 20;
  std::uint64_t missing = 0;
  for (const auto& file : files_) {
    missing += file.missing_bytes();
  }
  auto place = folder_;
  std::error_code error;
  while (!fs::exists(place, error) && place.has_relative_path()) {
    place = place.parent_path();
  }
  const auto space = fs::space(place, error);
  if (!error && missing > 0 && space.available < missing + kMargin) {
    fail(
        ErrorKind::network,
        "{}: has {} free, expected {} for the layers of this host; make room "
        "there, or give another \"dir\" in the hosts file",
        models_.string(),
        format_bytes(space.available),
        format_bytes(missing + kMargin));
  }
}

PartFile& Receiver::file(std::uint32_t index) {
  expect(Phase::filling);
  if (index >= files_.size()) {
    fail(
        ErrorKind::network,
        "a piece of file {} came, expected one of {} files",
        index,
        files_.size());
  }
  return files_[index];
}

void Receiver::keep(const Keep& keep) {
  file(keep.file).keep(keep.offset);
}

void Receiver::write(const Piece& piece) {
  auto& to = file(piece.file);
  start_changing();
  if (to.write(piece)) {
    asked_again_.erase({piece.file, piece.offset});
  } else if (asked_again_.insert({piece.file, piece.offset}).second) {
    send_(Again{piece.file, piece.offset});
  } else {
    fail(
        ErrorKind::network,
        "{}: the piece at byte {} came twice with another checksum than it was "
        "sent with; is the memory of this host, or the sender's, sound?",
        to.name(),
        piece.offset);
  }
  finish();
}

std::size_t Receiver::n_open() const {
  std::size_t n = 0;
  for (const auto& file : files_) {
    n += file.n_open();
  }
  return n;
}

// When the sender has no more, and nothing is asked for again.
void Receiver::finish() {
  if (!is_finishing_ || !asked_again_.empty()) {
    return;
  }
  if (n_open() > 0) {
    fail(
        ErrorKind::network,
        "the push ended and {} pieces have not come",
        n_open());
  }
  const bool is_changed =
      !has_whole_list_ ||
      std::any_of(files_.begin(), files_.end(), [](auto& f) {
        return f.is_unfinished();
      });
  if (is_changed) {
    start_changing();
  }
  checkpoint::Brought brought;
  for (auto& file : files_) {
    brought.files.push_back(file.finish());
  }
  const auto text = brought_text(brought);
  if (is_changed || !known_ || text != brought_text(*known_)) {
    start_changing();
    remove_others();
    write_list(text);
  }
  phase_ = Phase::done;
  send_(Done{});
}

} // namespace lockstep::push
