#include "checkpoint/limits.h"

#include <cstddef>
#include <limits>

#include <fmt/ranges.h>

#include "base/error.h"

namespace lockstep::checkpoint {

std::uint64_t checked_product(
    std::uint64_t a, std::uint64_t b, const std::string& where) {
  if (a != 0 && b > std::numeric_limits<std::uint64_t>::max() / a) {
    fail(ErrorKind::config, "{}: {} times {} exceeds 64 bits", where, a, b);
  }
  return a * b;
}

std::vector<int> checked_shape(
    const std::vector<std::uint64_t>& dims, const std::string& where) {
  if (dims.empty() || dims.size() > kMaxDimensions) {
    fail(
        ErrorKind::config,
        "{}: has {} dimensions, expected 1 to {}",
        where,
        dims.size(),
        kMaxDimensions);
  }
  std::vector<int> shape;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const bool inner = dims.size() > 1 && i + 1 == dims.size();
    const auto most =
        static_cast<std::uint64_t>(inner ? kMaxDimension : kMaxRows);
    if (dims[i] < 1 || dims[i] > most) {
      fail(
          ErrorKind::config,
          "{}: dimension {} of shape [{}] is out of range, expected 1 to {}",
          where,
          i,
          fmt::join(dims, ", "),
          most);
    }
    shape.push_back(static_cast<int>(dims[i]));
  }
  return shape;
}

std::uint64_t element_count(
    const std::vector<int>& shape, const std::string& where) {
  std::uint64_t count = 1;
  for (const int dim : shape) {
    count = checked_product(count, static_cast<std::uint64_t>(dim), where);
  }
  return count;
}

} // namespace lockstep::checkpoint
