#include "kernels/arena.h"

#include <algorithm>
#include <new>

#include "kernels/system.h"

namespace lockstep::kernels {

namespace {

// Only what is touched takes memory.
constexpr std::size_t kChunkBytes = std::size_t{64} << 20;
constexpr std::size_t kAlignment = 64;

} // namespace

std::shared_ptr<std::byte> Arena::take(std::size_t bytes) {
  bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  if (!chunk_ || size_ - used_ < bytes) {
    size_ = std::max(kChunkBytes, bytes);
    used_ = 0;
    auto* pages = map_pages(size_);
    if (pages == nullptr) {
      throw std::bad_alloc();
    }
    chunk_ = std::shared_ptr<std::byte>(
        pages, [size = size_](std::byte* p) { unmap_pages(p, size); });
  }
  auto* from = chunk_.get() + used_;
  used_ += bytes;
  return {chunk_, from};
}

} // namespace lockstep::kernels
