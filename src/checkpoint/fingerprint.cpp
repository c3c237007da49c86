#include "checkpoint/fingerprint.h"

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lockstep::checkpoint {

namespace {

std::uint64_t fnv1a(std::uint64_t hash, std::string_view text) {
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  return hash;
}

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

} // namespace

std::uint64_t fingerprint_of(const Contents& contents) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  hash = fnv1a(hash, contents.config.dump() + "\n");
  for (const auto& info : contents.tensors) {
    hash = fnv1a(hash, text_of(info));
  }
  for (const auto& file : contents.files) {
    hash = fnv1a(hash, fmt::format("{}\n", file->size()));
  }
  return hash;
}

} // namespace lockstep::checkpoint
