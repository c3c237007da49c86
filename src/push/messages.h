#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "checkpoint/spans.h"
#include "link/frame.h"

namespace lockstep::push {

using checkpoint::Span;

// What the two ends of a push say to each other, each as one frame
// (link/frame). The sender tells what is to be there: Begin, then a FileBegin
// and its FileSpans for each file, then PlanEnd. The receiver says what it has,
// Has for each such piece, then Compared. The sender answers each piece with
// Keep or Piece and ends with Finish; the receiver asks for damaged ones Again,
// and says Done when all is on its disk. At any time it may say Refused, which
// is its last word.

/// Pieces begin at multiples of this in their file, and at the spans' own ends.
inline constexpr std::uint64_t kPieceBytes = std::uint64_t{1} << 20;
/// Of a frame: a piece and what says where it belongs.
inline constexpr std::size_t kMostPayload = kPieceBytes + 4096;
inline constexpr std::size_t kMostSpans = 4096; // in one message

struct Begin {
  std::string model;   // the name of its folder
  bool verify = false; // read all that is there, whatever times say
};
struct FileBegin {
  std::string name;
  std::uint64_t size = 0;
  std::string source; // tells this file apart from later ones
};
/// Of the file that was begun last.
struct FileSpans {
  std::vector<Span> spans;
};
struct PlanEnd {};
struct Has {
  std::uint32_t file = 0;
  std::uint64_t offset = 0;
  std::string digest; // empty: it is surely right
};
struct Compared {};
struct Keep {
  std::uint32_t file = 0;
  std::uint64_t offset = 0;
};
struct Piece {
  std::uint32_t file = 0;
  std::uint64_t offset = 0;
  std::string digest;
  std::string bytes;
};
struct Again {
  std::uint32_t file = 0;
  std::uint64_t offset = 0;
};
struct Finish {};
struct Done {};
struct Refused {
  std::string text;
};

using Message = std::variant<
    Begin,
    FileBegin,
    FileSpans,
    PlanEnd,
    Has,
    Compared,
    Keep,
    Piece,
    Again,
    Finish,
    Done,
    Refused>;

/// The bytes of its frame.
std::string encode(const Message& message);

/// Throws Error{network} naming `peer` when it is none of these.
Message decode(const link::Frame& frame, const std::string& peer);

/// The spans cut into pieces, in order. `spans` are merged.
std::vector<Span> pieces_of(const std::vector<Span>& spans);

} // namespace lockstep::push
