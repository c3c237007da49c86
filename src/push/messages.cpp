#include "push/messages.h"

#include <algorithm>

#include "base/error.h"

namespace lockstep::push {

namespace {

using link::PayloadReader;
using link::PayloadWriter;

constexpr std::size_t kMostText = 2048;

void write(const Begin& begin, PayloadWriter& to) {
  to.text(begin.model).u32(begin.verify ? 1 : 0);
}
void write(const FileBegin& file, PayloadWriter& to) {
  to.text(file.name).u64(file.size).text(file.source);
}
void write(const FileSpans& spans, PayloadWriter& to) {
  to.u32(static_cast<std::uint32_t>(spans.spans.size()));
  for (const auto& span : spans.spans) {
    to.u64(span.offset).u64(span.bytes);
  }
}
void write(const Has& has, PayloadWriter& to) {
  to.u32(has.file).u64(has.offset).text(has.digest);
}
void write(const Keep& keep, PayloadWriter& to) {
  to.u32(keep.file).u64(keep.offset);
}
void write(const Piece& piece, PayloadWriter& to) {
  to.u32(piece.file).u64(piece.offset).text(piece.digest);
  to.text(piece.bytes, kPieceBytes);
}
void write(const Again& again, PayloadWriter& to) {
  to.u32(again.file).u64(again.offset);
}
void write(const Refused& refused, PayloadWriter& to) {
  to.text(refused.text, kMostText);
}
void write(const PlanEnd& /*end*/, PayloadWriter& /*to*/) {
}
void write(const Compared& /*end*/, PayloadWriter& /*to*/) {
}
void write(const Finish& /*end*/, PayloadWriter& /*to*/) {
}
void write(const Done& /*end*/, PayloadWriter& /*to*/) {
}

// Members in the order of the frame: braces evaluate from left to right.
Begin read(PayloadReader& from, Begin /*type*/) {
  return {from.text(), from.u32() != 0};
}
FileBegin read(PayloadReader& from, FileBegin /*type*/) {
  return {from.text(), from.u64(), from.text()};
}
FileSpans read(PayloadReader& from, FileSpans /*type*/) {
  FileSpans spans;
  const auto n = std::min<std::size_t>(from.u32(), kMostSpans);
  for (std::size_t i = 0; i < n; ++i) {
    spans.spans.push_back({from.u64(), from.u64()});
  }
  return spans;
}
Has read(PayloadReader& from, Has /*type*/) {
  return {from.u32(), from.u64(), from.text()};
}
Keep read(PayloadReader& from, Keep /*type*/) {
  return {from.u32(), from.u64()};
}
Piece read(PayloadReader& from, Piece /*type*/) {
  return {from.u32(), from.u64(), from.text(), from.text()};
}
Again read(PayloadReader& from, Again /*type*/) {
  return {from.u32(), from.u64()};
}
Refused read(PayloadReader& from, Refused /*type*/) {
  return {from.text()};
}
template <class Empty>
Empty read(PayloadReader& /*from*/, Empty /*type*/) {
  return {};
}

/// The alternative of the variant that has this number.
template <std::size_t I = 0>
Message read_type(std::size_t type, PayloadReader& from) {
  if constexpr (I < std::variant_size_v<Message>) {
    using Alternative = std::variant_alternative_t<I, Message>;
    return type == I ? Message(read(from, Alternative{}))
                     : read_type<I + 1>(type, from);
  } else {
    fail(
        ErrorKind::network,
        "a message of type {} came, expected 0 to {}; is the same lockstep "
        "installed everywhere?",
        type,
        I - 1);
  }
}

} // namespace

std::string encode(const Message& message) {
  PayloadWriter payload;
  std::visit([&](const auto& one) { write(one, payload); }, message);
  return link::encode_frame(
      {static_cast<std::uint8_t>(message.index()), payload.take()},
      kMostPayload);
}

Message decode(const link::Frame& frame, const std::string& peer) {
  PayloadReader from(frame.payload, peer);
  auto message = read_type(frame.type, from);
  from.finish();
  return message;
}

std::vector<Span> pieces_of(const std::vector<Span>& spans) {
  std::vector<Span> pieces;
  for (const auto& span : spans) {
    for (auto at = span.offset; at < span.end();) {
      const auto end =
          std::min(span.end(), (at / kPieceBytes + 1) * kPieceBytes);
      pieces.push_back({at, end - at});
      at = end;
    }
  }
  return pieces;
}

} // namespace lockstep::push
