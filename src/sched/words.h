#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lockstep::sched {

/// Writes int32 words one after the other. Throws Error{internal} past the end.
class WordWriter {
 public:
  explicit WordWriter(std::span<std::int32_t> out) : out_(out) {}

  void put(std::int32_t word);
  void put64(std::uint64_t value); // low word first
  void put_float(float value);     // its bits
  void put_all(std::span<const std::int32_t> words);
  void fill_rest(); // with zeros

 private:
  std::span<std::int32_t> out_;
  std::size_t at_ = 0;
};

/// Reads them back. Throws Error{diverged} past the end or out of bounds: a
/// peer's words are never trusted.
class WordReader {
 public:
  explicit WordReader(std::span<const std::int32_t> words) : words_(words) {}

  std::int32_t get();
  std::uint64_t get64();
  float get_float();
  std::vector<std::int32_t> get_all(int n); // the next n words
  /// A word from `least` to `most`; `name` is for the error.
  std::int32_t get(const char* name, std::int32_t least, std::int32_t most);
  int n_read() const { return static_cast<int>(at_); }

 private:
  std::span<const std::int32_t> words_;
  std::size_t at_ = 0;
};

/// A 32-bit checksum (FNV-1a over whole words, folded) that tells a garbled or
/// stale buffer from a right one; not a defence against an attacker.
std::int32_t checksum(std::span<const std::int32_t> words);

} // namespace lockstep::sched
