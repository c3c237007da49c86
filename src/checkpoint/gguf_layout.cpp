#include "checkpoint/gguf_layout.h"

#include <algorithm>
#include <cstddef>

#include "base/error.h"
#include "base/json.h"
#include "checkpoint/limits.h"

namespace lockstep::checkpoint {

namespace {

void check_overlap(const File& file, const std::vector<GgufTensor>& tensors) {
  std::vector<const GgufTensor*> order;
  order.reserve(tensors.size());
  for (const auto& tensor : tensors) {
    order.push_back(&tensor);
  }
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return a->offset < b->offset;
  });
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (order[i]->offset < order[i - 1]->offset + order[i - 1]->bytes) {
      fail(
          ErrorKind::config,
          "{}: tensor {}: its bytes overlap those of tensor {}",
          file.path().string(),
          shown(order[i]->name),
          shown(order[i - 1]->name));
    }
  }
}

} // namespace

std::uint64_t gguf_tensor_bytes(
    const GgufTensor& tensor, const std::string& where) {
  const auto inner = static_cast<std::uint32_t>(tensor.shape.back());
  const bool in_blocks = tensor.type.block_values > 1;
  if (inner % tensor.type.block_values != 0 ||
      (in_blocks && tensor.shape.size() < 2)) {
    fail(
        ErrorKind::config,
        "{}: has {} dimensions and rows of {} values, but type {} needs two "
        "and rows in blocks of {}",
        where,
        tensor.shape.size(),
        inner,
        tensor.type.name,
        tensor.type.block_values);
  }
  return checked_product(
      element_count(tensor.shape, where) / tensor.type.block_values,
      tensor.type.block_bytes,
      where);
}

void place_gguf_tensors(
    const File& file,
    std::uint64_t start,
    std::uint64_t alignment,
    std::vector<GgufTensor>& tensors) {
  const auto room = file.size() > start ? file.size() - start : 0;
  for (auto& tensor : tensors) {
    if (tensor.offset % alignment != 0) {
      fail(
          ErrorKind::config,
          "{}: tensor {}: offset {} is not a multiple of {}",
          file.path().string(),
          shown(tensor.name),
          tensor.offset,
          alignment);
    }
    if (tensor.offset > room || tensor.bytes > room - tensor.offset) {
      fail(
          ErrorKind::config,
          "{}: tensor {}: its {} bytes at offset {} lie outside the {} bytes "
          "of data; the file is truncated or damaged",
          file.path().string(),
          shown(tensor.name),
          tensor.bytes,
          tensor.offset,
          room);
    }
    tensor.offset += start;
  }
  check_overlap(file, tensors);
}

} // namespace lockstep::checkpoint
