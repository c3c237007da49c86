#pragma once

#include <cstdint>
#include <vector>

namespace lockstep::checkpoint {

/// Bytes of one file.
struct Span {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;

  std::uint64_t end() const { return offset + bytes; }
  bool operator==(const Span&) const = default;
};

/// The same bytes in order, each once, in as few spans as can be. The spans lie
/// within 64 bits.
std::vector<Span> merged(std::vector<Span> spans);

/// The bytes of a file of `size` that are in none of `spans`, which lie in it.
std::vector<Span> all_but(std::vector<Span> spans, std::uint64_t size);

/// Whether all of `span` is in `merged_spans`.
bool covers(const std::vector<Span>& merged_spans, const Span& span);

std::uint64_t bytes_of(const std::vector<Span>& merged_spans);

} // namespace lockstep::checkpoint
