#include "push/tar_stream.h"

#include <algorithm>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"

namespace lockstep::push {

namespace {

// Offsets and sizes of the header's fields, by POSIX.1-2001 (pax, "ustar").
constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameSize = 100;
constexpr std::size_t kPrefixAt = 345;
constexpr std::size_t kPrefixSize = 155;
constexpr std::size_t kChecksumAt = 148;
constexpr std::size_t kChecksumSize = 8;

std::uint64_t padded(std::uint64_t size) {
  return (size + kBlock - 1) / kBlock * kBlock;
}

std::string header_of(const ProgramFile& file) {
  std::string header(kBlock, '\0');
  const auto set = [&](std::size_t at, std::string_view text) {
    header.replace(at, text.size(), text);
  };
  std::string_view name = file.place;
  if (name.size() > kNameSize) {
    const auto slash = name.find('/', name.size() - kNameSize - 1);
    if (slash == std::string_view::npos || slash > kPrefixSize) {
      fail(ErrorKind::config, "{}: has too long a name", file.place);
    }
    set(kPrefixAt, name.substr(0, slash));
    name.remove_prefix(slash + 1);
  }
  set(0, name);
  set(100, file.is_executable ? "0000755" : "0000644"); // mode
  set(108, "0000000");                                  // owner
  set(116, "0000000");                                  // group
  set(124, fmt::format("{:011o}", file.size));
  set(136, "00000000000"); // time
  set(156, "0");           // a regular file
  set(257, std::string_view("ustar\00000", 8));
  set(kChecksumAt, std::string(kChecksumSize, ' '));
  unsigned sum = 0;
  for (const char byte : header) {
    sum += static_cast<unsigned char>(byte);
  }
  set(kChecksumAt, std::string_view(fmt::format("{:06o}", sum) + '\0'));
  return header;
}

} // namespace

TarStream::TarStream(const std::vector<ProgramFile>& files) : files_(files) {
  for (const auto& file : files) {
    total_ += header_of(file).size() + padded(file.size);
  }
  total_ += 2 * kBlock;
}

std::string TarStream::next() {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 20;
  if (file_ == files_.size()) {
    const bool is_end = !has_ended_;
    has_ended_ = true;
    return std::string(is_end ? 2 * kBlock : 0, '\0');
  }
  const auto& file = files_[file_];
  if (!is_in_file_) {
    is_in_file_ = true;
    at_ = 0;
    open_ =
        file.path.empty() ? nullptr : std::make_unique<const File>(file.path);
    if (file.size == 0) {
      ++file_;
      is_in_file_ = false;
    }
    return header_of(file);
  }
  const auto n = std::min(kMost, file.size - at_);
  std::string bytes = file.path.empty() ? file.text.substr(at_, n) : "";
  if (open_) {
    bytes.resize(n);
    open_->read_at(at_, std::as_writable_bytes(std::span(bytes)));
  }
  at_ += n;
  if (at_ == file.size) {
    bytes.resize(padded(bytes.size()));
    ++file_;
    is_in_file_ = false;
  }
  return bytes;
}

} // namespace lockstep::push
