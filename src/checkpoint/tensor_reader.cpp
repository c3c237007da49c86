#include "checkpoint/tensor_reader.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "checkpoint/quantization.h"
#include "checkpoint/row_order.h"

namespace lockstep::checkpoint {

namespace {

using Files = std::vector<std::shared_ptr<const File>>;

const File& file_of(
    const Files& files, const ByteRange& range, const TensorInfo& info) {
  if (range.file < 0 || static_cast<std::size_t>(range.file) >= files.size()) {
    fail(
        ErrorKind::internal,
        "tensor {} is in file {} of {}",
        info.name,
        range.file,
        files.size());
  }
  return *files[static_cast<std::size_t>(range.file)];
}

std::vector<std::byte> read_range(
    const Files& files, const TensorInfo& info, std::size_t index) {
  const auto& range = info.ranges.at(index);
  std::vector<std::byte> bytes(range.bytes);
  file_of(files, range, info).read_at(range.offset, bytes);
  return bytes;
}

// Some blocks at a time, so that little more than the result is in memory.
void read_blocks(const Files& files, const TensorInfo& info, Tensor& out) {
  constexpr std::uint64_t kBlocksAtOnce = 32768;
  const auto& range = info.ranges.at(0);
  const auto& file = file_of(files, range, info);
  const auto where = file.path().string() + ": tensor " + shown(info.name);
  const auto stride = block_bytes(info.encoding);
  const auto value_stride =
      static_cast<std::size_t>(info.affine->bits) * kBlockValues / 8;
  const std::uint64_t n_blocks = range.bytes / stride;
  constexpr std::size_t kScale = 2;
  out.values.resize(n_blocks * value_stride);
  out.scales.resize(n_blocks * kScale);
  out.biases.resize(n_blocks * kScale);
  std::vector<std::byte> blocks(std::min(n_blocks, kBlocksAtOnce) * stride);
  for (std::uint64_t first = 0; first < n_blocks; first += kBlocksAtOnce) {
    const auto count = std::min(kBlocksAtOnce, n_blocks - first);
    const auto part = std::span(blocks).first(count * stride);
    file.read_at(range.offset + first * stride, part);
    const RepackTarget target{
        std::span(out.values)
            .subspan(first * value_stride, count * value_stride),
        std::span(out.scales).subspan(first * kScale, count * kScale),
        std::span(out.biases).subspan(first * kScale, count * kScale)};
    repack_blocks(info.encoding, part, target, first, where);
  }
}

} // namespace

Tensor read_tensor(const Files& files, const TensorInfo& info) {
  Tensor tensor;
  tensor.shape = info.shape;
  tensor.dtype = info.dtype;
  tensor.affine = info.affine;
  switch (info.encoding) {
    case Encoding::dense:
      tensor.values = read_range(files, info, 0);
      break;
    case Encoding::affine:
      tensor.values = read_range(files, info, 0);
      tensor.scales = read_range(files, info, 1);
      tensor.biases = read_range(files, info, 2);
      break;
    case Encoding::q4_0:
    case Encoding::q4_1:
    case Encoding::q8_0:
      read_blocks(files, info, tensor);
      break;
  }
  if (info.interleaved_heads > 0) {
    const auto rows = static_cast<std::size_t>(info.shape.front());
    const auto heads = static_cast<std::size_t>(info.interleaved_heads);
    for (auto* part : {&tensor.values, &tensor.scales, &tensor.biases}) {
      if (!part->empty()) {
        undo_interleaving(*part, rows, heads);
      }
    }
  }
  return tensor;
}

} // namespace lockstep::checkpoint
