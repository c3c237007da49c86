#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "link/message.h"

namespace lockstep::launch {

/// Writes to our stdout and stderr what ranks of other hosts sent, without ever
/// waiting for who reads it: rank 0's as it is, whole lines of the others
/// behind "[rank 1, host] ". Lines of stderr in which MLX's ring says that a
/// socket was closed are left out: what that means is told in a line of ours.
class Printer {
 public:
  void add(int rank, const std::string& host, const link::Output& output);

  /// Writes as much as is taken at once.
  void flush();
  /// Waits until all is written; false when it is not in `patience_ms`.
  bool finish(int patience_ms);

  /// `stream` is 1 or 2.
  bool has_unwritten(int stream) const {
    return !unwritten_[static_cast<std::size_t>(stream) - 1].empty();
  }
  /// So much waits that ranks should be kept from sending more.
  bool is_full() const;

 private:
  void add_as_it_is(int stream, const std::string& bytes);

  std::array<std::string, 2> unwritten_;
  std::array<std::string, 2> beginnings_; // of rank 0's lines, while undecided
  std::array<bool, 2> inside_line_{};     // it was decided: shown
  std::map<std::pair<int, int>, std::string> open_lines_; // by rank and stream
};

} // namespace lockstep::launch
