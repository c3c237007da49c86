#include "checkpoint/row_order.h"

#include <cstring>

#include "base/error.h"

namespace lockstep::checkpoint {

void undo_interleaving(
    std::vector<std::byte>& bytes, std::size_t rows, std::size_t heads) {
  if (heads == 0 || rows == 0 || rows % (2 * heads) != 0 ||
      bytes.size() % rows != 0) {
    fail(
        ErrorKind::internal,
        "{} rows of {} bytes in all cannot be reordered by {} heads",
        rows,
        bytes.size(),
        heads);
  }
  const std::size_t row_bytes = bytes.size() / rows;
  const std::size_t head_dim = rows / heads;
  std::vector<std::byte> head(head_dim * row_bytes);
  for (std::size_t h = 0; h < heads; ++h) {
    std::byte* start = bytes.data() + h * head.size();
    for (std::size_t row = 0; row < head_dim; ++row) {
      const std::size_t to = (row % 2) * (head_dim / 2) + row / 2;
      std::memcpy(
          head.data() + to * row_bytes, start + row * row_bytes, row_bytes);
    }
    std::memcpy(start, head.data(), head.size());
  }
}

} // namespace lockstep::checkpoint
