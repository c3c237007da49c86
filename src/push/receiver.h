#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checkpoint/brought.h"
#include "link/descriptor.h"
#include "push/messages.h"
#include "push/part_file.h"

namespace lockstep::push {

/// The end of a push that writes: one model, into MODELS/NAME. Nothing on the
/// disk changes before the first piece comes. What is not as push/messages says,
/// names that are not plain, a folder that push did not make, and a disk that is
/// full are Error{network} with what to do.
class Receiver {
 public:
  using Send = std::function<void(const Message&)>;

  /// `models` is made when it is not there. `send` is called within take().
  Receiver(std::filesystem::path models, Send send);

  void take(const Message& message);
  /// Done has been sent.
  bool is_done() const { return phase_ == Phase::done; }

 private:
  enum class Phase { start, planning, filling, done };
  struct Planned {
    FileBegin file;
    std::vector<Span> spans;
  };

  void begin(const Begin& begin);
  void add(const FileBegin& file);
  void add(const FileSpans& spans);
  void compare();
  void keep(const Keep& keep);
  void write(const Piece& piece);
  void finish();

  PartFile& file(std::uint32_t index);
  void expect(Phase phase) const;
  void check_room() const;
  std::size_t n_open() const;
  void start_changing();
  void remove_others() const;
  void write_list(const std::string& text) const;

  std::filesystem::path models_;
  Send send_;
  Phase phase_ = Phase::start;
  bool verify_ = false;
  std::filesystem::path folder_;
  std::optional<checkpoint::Brought> known_;
  bool has_whole_list_ = false; // not one of a push that was cut off
  std::vector<Planned> planned_;
  std::uint64_t n_planned_pieces_ = 0;
  std::vector<PartFile> files_;
  std::set<std::pair<std::uint32_t, std::uint64_t>> asked_again_;
  bool is_finishing_ = false;
  link::Descriptor lock_; // of the folder, held while it is changed
};

/// `lockstep receive PLACE`: a Receiver for PLACE/models, on stdin and stdout.
/// -> the exit code. PLACE may begin with "~/".
int receive(const std::string& place);

} // namespace lockstep::push
