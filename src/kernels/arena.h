#pragma once

#include <cstddef>
#include <memory>

namespace lockstep::kernels {

/// Memory for weights: large pages where the system has them, so that reading
/// it all for every token costs few page walks. What was taken lives as long
/// as anyone holds a piece of the same chunk.
class Arena {
 public:
  /// `bytes` of zeros, aligned to 64. Throws std::bad_alloc.
  std::shared_ptr<std::byte> take(std::size_t bytes);

 private:
  std::shared_ptr<std::byte> chunk_;
  std::size_t used_ = 0;
  std::size_t size_ = 0;
};

} // namespace lockstep::kernels
