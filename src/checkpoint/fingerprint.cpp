#include "checkpoint/fingerprint.h"

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

} // namespace

std::uint64_t fingerprint_of(const Contents& contents) {
  auto hash = fnv1a(contents.config.dump() + "\n");
  for (const auto& info : contents.tensors) {
    hash = fnv1a(text_of(info), hash);
  }
  for (const auto& file : contents.files) {
    hash = fnv1a(fmt::format("{}\n", file->size()), hash);
  }
  return hash;
}

} // namespace lockstep::checkpoint
