#include "world/host_rows.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "mlx/allocator.h"
#include "mlx/ops.h"
#include "mlx/utils.h"

namespace lockstep::world {

namespace {

std::size_t n_words(const mx::array& x) {
  return x.nbytes() / sizeof(std::int32_t);
}

} // namespace

mx::array host_room(mx::Shape shape, mx::Dtype dtype) {
  std::size_t n_bytes = size_of(dtype);
  for (const auto n : shape) {
    n_bytes *= static_cast<std::size_t>(n);
  }
  return mx::array(mx::allocator::malloc(n_bytes), std::move(shape), dtype);
}

mx::array host_rows(const mx::array& x) {
  auto rows = x;
  rows.eval();
  if (!rows.flags().row_contiguous) {
    rows = mx::contiguous(rows);
    rows.eval();
  }
  return rows;
}

std::span<const std::int32_t> bits_of(const mx::array& x) {
  return {x.data<std::int32_t>(), n_words(x)};
}

std::span<std::int32_t> bits_of(mx::array& x) {
  return {x.data<std::int32_t>(), n_words(x)};
}

void copy_bits(const std::optional<mx::array>& x, std::span<std::int32_t> out) {
  auto rest = out.begin();
  if (x) {
    const auto rows = host_rows(*x);
    const auto bits = bits_of(rows);
    rest = std::copy(bits.begin(), bits.end(), rest);
  }
  std::fill(rest, out.end(), 0);
}

} // namespace lockstep::world
