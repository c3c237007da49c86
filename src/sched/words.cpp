#include "sched/words.h"

#include <algorithm>
#include <bit>

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

void WordWriter::put_float(float value) {
  put(std::bit_cast<std::int32_t>(value));
}

void WordWriter::put_all(std::span<const std::int32_t> words) {
  for (const auto word : words) {
    put(word);
  }
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

float WordReader::get_float() {
  return std::bit_cast<float>(get());
}

std::vector<std::int32_t> WordReader::get_all(int n) {
  if (static_cast<std::size_t>(n) > words_.size() - at_) {
    fail(
        ErrorKind::diverged,
        "header: ends {} words after the start of a list of {}",
        words_.size() - at_,
        n);
  }
  const auto list = words_.subspan(at_, static_cast<std::size_t>(n));
  at_ += list.size();
  return {list.begin(), list.end()};
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
