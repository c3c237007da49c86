#include "checkpoint/brought.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace lockstep::checkpoint {

namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

std::uint64_t number(const Json& value, const std::string& where) {
  if (!value.is_number_unsigned() ||
      value.get<std::uint64_t>() > static_cast<std::uint64_t>(kMost)) {
    fail(
        ErrorKind::config, "{}: {} is no number of bytes", where, shown(value));
  }
  return value.get<std::uint64_t>();
}

BroughtPiece read_piece(
    const Json& value, const BroughtFile& file, const std::string& where) {
  if (!value.is_array() || value.size() != 3 || !value[2].is_string()) {
    fail(
        ErrorKind::config,
        "{}: {} is no piece, expected [offset, bytes, checksum]",
        where,
        shown(value));
  }
  const Span span{number(value[0], where), number(value[1], where)};
  const auto before = file.pieces.empty() ? 0 : file.pieces.back().span.offset;
  if (span.offset < before || span.end() > file.size) {
    fail(
        ErrorKind::config,
        "{}: bytes {} to {} are out of order or outside the file of {}",
        where,
        span.offset,
        span.end(),
        file.size);
  }
  return {span, value[2].get<std::string>()};
}

BroughtFile read_file(const Json& value, const std::string& where) {
  const JsonReader entry(value, where);
  BroughtFile file;
  file.name = entry.string("name");
  file.size = static_cast<std::uint64_t>(entry.integer("size", 0, kMost));
  file.source = entry.string("source");
  file.written_ns = entry.integer("written_ns", -kMost, kMost);
  if (!entry.at("pieces").is_array()) {
    entry.refuse("pieces", "a list");
  }
  for (const auto& piece : entry.at("pieces")) {
    file.pieces.push_back(read_piece(piece, file, where + ": " + file.name));
  }
  return file;
}

} // namespace

std::vector<Span> BroughtFile::held() const {
  std::vector<Span> spans;
  spans.reserve(pieces.size());
  for (const auto& piece : pieces) {
    spans.push_back(piece.span);
  }
  return merged(std::move(spans));
}

const BroughtFile* Brought::find(const std::string& name) const {
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const BroughtFile& file) {
        return file.name == name;
      });
  return found == files.end() ? nullptr : &*found;
}

std::optional<Brought> read_brought(const std::filesystem::path& list) {
  std::error_code ignored; // then it is not there for us
  if (!std::filesystem::exists(list, ignored)) {
    return std::nullopt;
  }
  const auto where = list.string();
  const auto json = parse_json(read_text_file(list), where);
  const JsonReader top(json, where);
  if (!top.at("files").is_array()) {
    top.refuse("files", "a list");
  }
  Brought brought;
  for (const auto& file : top.at("files")) {
    brought.files.push_back(read_file(file, where));
  }
  return brought;
}

std::string brought_text(const Brought& brought) {
  auto files = Json::array();
  for (const auto& file : brought.files) {
    auto pieces = Json::array();
    for (const auto& piece : file.pieces) {
      pieces.push_back({piece.span.offset, piece.span.bytes, piece.digest});
    }
    files.push_back(
        {{"name", file.name},
         {"size", file.size},
         {"source", file.source},
         {"written_ns", file.written_ns},
         {"pieces", std::move(pieces)}});
  }
  return Json{{"files", std::move(files)}}.dump() + "\n";
}

} // namespace lockstep::checkpoint
