#include "checkpoint/spans.h"

#include <algorithm>
#include <numeric>

namespace lockstep::checkpoint {

std::vector<Span> merged(std::vector<Span> spans) {
  std::erase_if(spans, [](const Span& span) { return span.bytes == 0; });
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
    return a.offset < b.offset;
  });
  std::vector<Span> result;
  for (const auto& span : spans) {
    if (result.empty() || span.offset > result.back().end()) {
      result.push_back(span);
    } else {
      auto& last = result.back();
      last.bytes = std::max(last.end(), span.end()) - last.offset;
    }
  }
  return result;
}

std::vector<Span> all_but(std::vector<Span> spans, std::uint64_t size) {
  std::vector<Span> result;
  std::uint64_t at = 0;
  for (const auto& span : merged(std::move(spans))) {
    if (span.offset > at) {
      result.push_back({at, span.offset - at});
    }
    at = span.end();
  }
  if (size > at) {
    result.push_back({at, size - at});
  }
  return result;
}

bool covers(const std::vector<Span>& merged_spans, const Span& span) {
  const auto after = std::upper_bound(
      merged_spans.begin(),
      merged_spans.end(),
      span.offset,
      [](std::uint64_t offset, const Span& one) {
        return offset < one.offset;
      });
  return span.bytes == 0 || (after != merged_spans.begin() &&
                             std::prev(after)->end() >= span.end());
}

std::uint64_t bytes_of(const std::vector<Span>& merged_spans) {
  return std::accumulate(
      merged_spans.begin(),
      merged_spans.end(),
      std::uint64_t{0},
      [](std::uint64_t sum, const Span& span) { return sum + span.bytes; });
}

} // namespace lockstep::checkpoint
