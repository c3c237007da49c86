#include "checkpoint/fingerprint.h"

#include <span>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/hash.h"

namespace lockstep::checkpoint {

namespace {

std::string text_of(const TensorInfo& info) {
  auto text = fmt::format(
      "{} [{}] {} {} {}/{} {}",
      info.name,
      fmt::join(info.shape, ","),
      dtype_name(info.dtype),
      static_cast<int>(info.encoding),
      info.affine ? info.affine->bits : 0,
      info.affine ? info.affine->group : 0,
      info.interleaved_heads);
  for (const auto& range : info.ranges) {
    text += fmt::format(" {}:{}+{}", range.file, range.offset, range.bytes);
  }
  return text + "\n";
}

std::string samples_of(const TensorInfo& info, const Contents& contents) {
  std::string bytes;
  for (const auto& range : sampled_ranges(info)) {
    const auto before = bytes.size();
    bytes.resize(before + range.bytes);
    const auto file = static_cast<std::size_t>(range.file);
    contents.files[file]->read_at(
        range.offset, std::as_writable_bytes(std::span(bytes).subspan(before)));
  }
  return bytes;
}

} // namespace

std::vector<ByteRange> sampled_ranges(const TensorInfo& info) {
  constexpr std::uint64_t kSample = 64;
  std::vector<ByteRange> samples;
  for (const auto& range : info.ranges) {
    if (range.bytes <= 2 * kSample) {
      samples.push_back(range);
      continue;
    }
    for (const auto at : {std::uint64_t{0}, range.bytes / 2}) {
      samples.push_back({range.file, range.offset + at, kSample});
    }
  }
  return samples;
}

std::uint64_t fingerprint_of(const Contents& contents) {
  auto hash = fnv1a(contents.config.dump() + "\n");
  for (const auto& info : contents.tensors) {
    hash = fnv1a(text_of(info), hash);
    if (!contents.make) {
      hash = fnv1a(samples_of(info, contents), hash);
    }
  }
  for (const auto& file : contents.files) {
    hash = fnv1a(fmt::format("{}\n", file->size()), hash);
  }
  return hash;
}

} // namespace lockstep::checkpoint
