#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/spans.h"

namespace lockstep::checkpoint {

/// The list, in its own folder, of what `lockstep push` brought of a model.
inline constexpr char kBroughtName[] = ".lockstep-pushed.json";

/// Bytes of a file with the checksum that they had when they were written.
struct BroughtPiece {
  Span span;
  std::string digest; // link::digest_of
};

struct BroughtFile {
  std::string name;
  std::uint64_t size = 0; // with what was not brought: holes
  /// What told the file at its origin apart from later ones.
  std::string source;
  /// When the file here was written last, by its own file system.
  std::int64_t written_ns = 0;
  std::vector<BroughtPiece> pieces; // by offset; they may overlap

  /// The bytes that are here.
  std::vector<Span> held() const;
};

/// What is on this machine of a model that came in part: the files' sizes are
/// those of the whole model, the bytes only those of some layers.
struct Brought {
  std::vector<BroughtFile> files;

  const BroughtFile* find(const std::string& name) const;
};

/// Reads such a list; nothing when there is none. Throws Error{config} naming
/// it when it is damaged.
std::optional<Brought> read_brought(const std::filesystem::path& list);

std::string brought_text(const Brought& brought);

} // namespace lockstep::checkpoint
