#include "sched/words.h"

#include <algorithm>

#include "base/error.h"

namespace lockstep::sched {

void WordWriter::put(std::int32_t word) {
  if (at_ == out_.size()) {
    fail(ErrorKind::internal, "no room for word {} of a header", at_);
  }
  out_[at_++] = word;
}

void WordWriter::put64(std::uint64_t value) {
  put(static_cast<std::int32_t>(value & 0xffffffffU));
  put(static_cast<std::int32_t>(value >> 32));
}

void WordWriter::fill_rest() {
  std::fill(out_.begin() + static_cast<std::ptrdiff_t>(at_), out_.end(), 0);
  at_ = out_.size();
}

std::int32_t WordReader::get() {
  if (at_ == words_.size()) {
    fail(ErrorKind::diverged, "header: ends after {} words", at_);
  }
  return words_[at_++];
}

std::uint64_t WordReader::get64() {
  const auto low = static_cast<std::uint32_t>(get());
  const auto high = static_cast<std::uint32_t>(get());
  return (std::uint64_t{high} << 32) | low;
}

std::int32_t WordReader::get(
    const char* name, std::int32_t least, std::int32_t most) {
  const auto word = get();
  if (word < least || word > most) {
    fail(
        ErrorKind::diverged,
        "header: {} is {}, expected {} to {}",
        name,
        word,
        least,
        most);
  }
  return word;
}

std::int32_t checksum(std::span<const std::int32_t> words) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const auto word : words) {
    hash = (hash ^ static_cast<std::uint32_t>(word)) * 0x100000001b3U;
  }
  return static_cast<std::int32_t>(
      static_cast<std::uint32_t>(hash ^ (hash >> 32)));
}

} // namespace lockstep::sched
