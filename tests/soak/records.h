#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "link/descriptor.h"
#include "sched/request.h"

namespace lockstep::testing {

/// What came of each request: one line with its id, how it ended, how many
/// tokens of its prompt a slot held already, and each token with the bits of
/// its log-probabilities.
class Records {
 public:
  void book(const sched::TokenEvent& event);
  std::size_t n_ended() const { return n_ended_; }
  /// Throws when the file cannot be written.
  void write(const std::filesystem::path& file) const;

 private:
  struct Record {
    std::string finish = "unfinished";
    int n_reused = 0;
    std::string tokens;
  };
  std::map<sched::RequestId, Record> records_;
  std::size_t n_ended_ = 0;
};

/// The file that says in which tick each rank is, for whoever waits for them:
/// one number of 8 bytes a rank, one more than the tick.
class TickFile {
 public:
  TickFile(const std::filesystem::path& file, int rank);
  void note(std::uint64_t tick);

 private:
  link::Descriptor file_;
  int rank_;
};

} // namespace lockstep::testing
