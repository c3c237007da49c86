#include "push/sender.h"

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/utf8.h"
#include "link/digest.h"
#include "push/part_file.h"

namespace lockstep::push {

namespace {

constexpr char kReceiver[] = "lockstep there";

std::string source_of(const checkpoint::ModelFile& file) {
  return fmt::format("{} {}", file.size, written_ns(file.path));
}

} // namespace

Sender::Sender(const Cargo& cargo, const SendOptions& options)
    : cargo_(cargo), options_(options), frames_(kReceiver, kMostPayload) {
  open_.resize(cargo.files.size());
  plan();
}

void Sender::plan() {
  ready_.push_back(encode(Begin{cargo_.model, options_.verify}));
  for (const auto& file : cargo_.files) {
    const auto index = static_cast<std::uint32_t>(sources_.size());
    sources_.push_back(source_of(file));
    ready_.push_back(encode(FileBegin{file.name, file.size, sources_.back()}));
    for (std::size_t i = 0; i < file.needed.size(); i += kMostSpans) {
      const auto n = std::min(kMostSpans, file.needed.size() - i);
      const std::span<const Span> some(file.needed.data() + i, n);
      ready_.push_back(encode(FileSpans{{some.begin(), some.end()}}));
    }
    for (const auto& span : pieces_of(file.needed)) {
      pieces_.push_back({index, span, std::nullopt});
      total_ += span.bytes;
    }
  }
  ready_.push_back(encode(PlanEnd{}));
}

void Sender::feed(std::string_view bytes) {
  frames_.feed(bytes);
  while (const auto frame = frames_.next()) {
    take(decode(*frame, kReceiver));
  }
}

void Sender::take(const Message& message) {
  constexpr std::size_t kMostShown = 500;
  if (const auto* refused = std::get_if<Refused>(&message)) {
    fail(ErrorKind::network, "{}", one_line(refused->text, kMostShown));
  }
  const auto* has = std::get_if<Has>(&message);
  const auto* again = std::get_if<Again>(&message);
  if (has != nullptr && !is_compared_) {
    find(has->file, has->offset).told = has->digest;
  } else if (std::get_if<Compared>(&message) != nullptr && !is_compared_) {
    is_compared_ = true;
  } else if (again != nullptr && is_compared_) {
    const auto& piece = find(again->file, again->offset);
    ready_.push_back(piece_message(piece, read(piece)));
  } else if (std::get_if<Done>(&message) != nullptr && is_finished_) {
    is_done_ = true;
  } else {
    fail(
        ErrorKind::network,
        "{} answered out of turn; is the same lockstep installed everywhere?",
        kReceiver);
  }
}

Sender::PieceToSend& Sender::find(std::uint32_t file, std::uint64_t offset) {
  const auto found = std::lower_bound(
      pieces_.begin(),
      pieces_.end(),
      std::tuple(file, offset),
      [](const PieceToSend& piece, const auto& wanted) {
        return std::tuple(piece.file, piece.span.offset) < wanted;
      });
  if (found == pieces_.end() || found->file != file ||
      found->span.offset != offset) {
    fail(
        ErrorKind::network,
        "{} speaks of a piece of file {} at byte {}, which there is not",
        kReceiver,
        file,
        offset);
  }
  return *found;
}

std::string Sender::read(const PieceToSend& piece) {
  auto& file = open_[piece.file];
  if (!file) {
    file = std::make_unique<const File>(cargo_.files[piece.file].path);
  }
  std::string bytes(piece.span.bytes, '\0');
  file->read_at(piece.span.offset, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

std::string Sender::piece_message(
    const PieceToSend& piece, std::string bytes) const {
  auto digest = link::digest_of(bytes);
  return encode(Piece{
      piece.file, piece.span.offset, std::move(digest), std::move(bytes)});
}

bool Sender::can_go_on() const {
  return !ready_.empty() || (is_compared_ && !is_finished_);
}

std::string Sender::next() {
  if (!ready_.empty()) {
    auto message = std::move(ready_.front());
    ready_.pop_front();
    return message;
  }
  if (is_compared_ && at_ < pieces_.size()) {
    return compared(pieces_[at_++]);
  }
  return can_go_on() ? finish() : "";
}

// Empty for a piece of which nothing needs to be said.
std::string Sender::compared(const PieceToSend& piece) {
  if (piece.told && piece.told->empty()) {
    present_ += piece.span.bytes;
    return "";
  }
  if (options_.dry_run && !piece.told) {
    sent_ += piece.span.bytes;
    return "";
  }
  auto bytes = read(piece);
  if (piece.told && *piece.told == link::digest_of(bytes)) {
    present_ += piece.span.bytes;
    return options_.dry_run ? "" : encode(Keep{piece.file, piece.span.offset});
  }
  sent_ += piece.span.bytes;
  return options_.dry_run ? "" : piece_message(piece, std::move(bytes));
}

std::string Sender::finish() {
  is_finished_ = true;
  if (options_.dry_run) {
    is_done_ = true;
    return "";
  }
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (source_of(cargo_.files[i]) != sources_[i]) {
      fail(
          ErrorKind::config,
          "{}: changed while it was pushed; push again",
          cargo_.files[i].path.string());
    }
  }
  return encode(Finish{});
}

} // namespace lockstep::push
