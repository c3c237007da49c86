#include "plan/split_text.h"

#include <charconv>
#include <cstdint>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"

namespace lockstep::plan {

namespace {

constexpr int kMostLayers = 100'000; // far beyond any model's

const char* plural(std::size_t n) {
  return n == 1 ? "" : "s";
}

} // namespace

std::vector<int> parse_split(std::string_view text) {
  std::vector<int> counts;
  const char* at = text.data();
  const char* end = at + text.size();
  while (true) {
    int n = 0;
    const auto [rest, error] = std::from_chars(at, end, n);
    if (error != std::errc() || n < 1 || n > kMostLayers ||
        (rest != end && *rest != ',')) {
      fail(
          ErrorKind::usage,
          "--split is \"{}\", expected each rank's number of layers, at least "
          "1, with commas between them, such as 20,8",
          text);
    }
    counts.push_back(n);
    if (rest == end) {
      return counts;
    }
    at = rest + 1;
  }
}

std::string split_text(const std::vector<int>& counts) {
  return fmt::format("{}", fmt::join(counts, ","));
}

std::vector<int> counts_of(const std::vector<checkpoint::LayerRange>& layers) {
  std::vector<int> counts;
  counts.reserve(layers.size());
  for (const auto& range : layers) {
    counts.push_back(range.size());
  }
  return counts;
}

std::vector<checkpoint::LayerRange> ranges_of(
    const std::vector<int>& counts, int n_ranks, int n_layers) {
  if (counts.size() != static_cast<std::size_t>(n_ranks)) {
    fail(
        ErrorKind::usage,
        "--split {} is for {} rank{}, and there {} {}; give one number for "
        "each rank",
        split_text(counts),
        counts.size(),
        plural(counts.size()),
        n_ranks == 1 ? "is" : "are",
        n_ranks);
  }
  std::vector<checkpoint::LayerRange> ranges;
  std::int64_t sum = 0;
  for (const int n : counts) {
    sum += n;
  }
  if (sum != n_layers) {
    fail(
        ErrorKind::usage,
        "--split {} gives {} layers, and the model has {}; the numbers must "
        "add up to that",
        split_text(counts),
        sum,
        n_layers);
  }
  int first = 0;
  for (const int n : counts) {
    ranges.push_back({first, first + n});
    first += n;
  }
  return ranges;
}

} // namespace lockstep::plan
