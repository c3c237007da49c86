#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/brought.h"
#include "link/descriptor.h"
#include "push/messages.h"

namespace lockstep::push {

/// A file that arrives in pieces. Until it is whole it is NAME.part, also when
/// it was whole before. What cannot be read or written throws Error{network}
/// naming the path.
class PartFile {
 public:
  /// Touches nothing. `spans` are merged and within the file.
  PartFile(
      const std::filesystem::path& folder,
      FileBegin file,
      const std::vector<Span>& spans);

  const std::string& name() const { return file_.name; }
  std::size_t n_pieces() const { return pieces_.size(); }

  /// Finds out what is here: what `known` says (null: nothing) of a file that
  /// has not changed since, else, and whenever `verify`, by reading it. Tells
  /// each piece that may be right by its offset and checksum, and without one
  /// if it is right surely, as the file came from the same source.
  void compare(
      const checkpoint::BroughtFile* known,
      bool verify,
      const std::function<void(std::uint64_t, const std::string&)>& tell);

  /// Bytes of which nothing is here.
  std::uint64_t missing_bytes() const;
  /// Pieces that are neither right from the start, nor kept, nor written.
  std::size_t n_open() const { return n_open_; }

  /// A piece that was told is right.
  void keep(std::uint64_t offset);
  /// False when the bytes are not those of their checksum.
  bool write(const Piece& piece);

  /// Whether finish() would change something on the disk.
  bool is_unfinished() const;
  /// On the disk under its name. -> what is here of it now
  checkpoint::BroughtFile finish();

 private:
  enum class State { missing, told, right };
  struct PieceState {
    Span span;
    std::string digest;
    State state = State::missing;
  };

  void look();
  std::string digest_on_disk(const Span& span) const;
  void settle(PieceState& piece, std::string digest);
  PieceState& at(std::uint64_t offset);
  void open_part();
  [[noreturn]] void refuse(const std::filesystem::path& path) const;

  std::filesystem::path path_;
  std::filesystem::path part_;
  FileBegin file_;
  std::vector<Span> spans_;
  std::vector<PieceState> pieces_;
  std::size_t n_open_;
  /// What came earlier from the same source, for these layers and others. It
  /// may overlap pieces_, and those of them that it holds have no checksum.
  std::vector<checkpoint::BroughtPiece> others_;
  // What was there before.
  std::filesystem::path before_; // empty: nothing
  std::uint64_t size_before_ = 0;
  link::Descriptor fd_; // to read, then to write
  bool is_writing_ = false;
};

/// When a file was written last, in the unit of its file system's clock.
std::int64_t written_ns(const std::filesystem::path& path);

/// Writes to the disk what the system still holds. Throws Error{network}.
void sync_to_disk(int fd, const std::filesystem::path& path);

} // namespace lockstep::push
