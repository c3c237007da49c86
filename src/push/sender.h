#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "checkpoint/model_files.h"
#include "link/frame.h"
#include "push/messages.h"

namespace lockstep::push {

/// A model as one host is to have it.
struct Cargo {
  std::string model; // the name of its folder there
  std::vector<checkpoint::ModelFile> files;
};

struct SendOptions {
  bool verify = false;  // what is there is read, whatever times say
  bool dry_run = false; // only count what would be sent
};

/// The end of a push that reads, for one host. Who has its connection gives it
/// what comes and asks it for what goes; nothing here waits. Throws
/// Error{network} for what the receiver refuses or says out of turn,
/// Error{config} when a file of the model cannot be read or changes meanwhile.
class Sender {
 public:
  /// Keeps a reference to `cargo`.
  Sender(const Cargo& cargo, const SendOptions& options);

  /// What the receiver said.
  void feed(std::string_view bytes);
  /// Whether next() has something to do before the receiver says more.
  bool can_go_on() const;
  /// What the receiver is to hear next; empty when there is nothing, or when a
  /// piece was compared of which nothing needs to be said.
  std::string next();
  bool is_done() const { return is_done_; }

  // Of the pieces, in bytes.
  std::uint64_t total() const { return total_; }
  std::uint64_t sent() const { return sent_; }
  std::uint64_t present() const { return present_; }

 private:
  struct PieceToSend {
    std::uint32_t file = 0;
    Span span;
    std::optional<std::string> told; // its checksum there
  };

  void plan();
  void take(const Message& message);
  PieceToSend& find(std::uint32_t file, std::uint64_t offset);
  std::string read(const PieceToSend& piece);
  std::string compared(const PieceToSend& piece);
  std::string piece_message(const PieceToSend& piece, std::string bytes) const;
  std::string finish();

  const Cargo& cargo_;
  SendOptions options_;
  link::FrameReader frames_;
  std::vector<std::string> sources_; // of each file
  std::vector<std::unique_ptr<const File>> open_;
  std::deque<std::string> ready_; // messages that wait for nothing
  std::vector<PieceToSend> pieces_;
  bool is_compared_ = false;
  std::size_t at_ = 0; // of pieces_
  bool is_finished_ = false;
  bool is_done_ = false;
  std::uint64_t total_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t present_ = 0;
};

} // namespace lockstep::push
