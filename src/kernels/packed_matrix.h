#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "kernels/arena.h"
#include "kernels/layout.h"
#include "kernels/thread_pool.h"

namespace lockstep::kernels {

/// A matrix [out, in] in MLX's affine quantization.
struct AffineSource {
  int out = 0;
  int in = 0;
  int bits = 0;  // 2 to 8
  int group = 0; // inputs that share a scale, a multiple of kBlock
  std::span<const std::byte> words;  // [out, in * bits / 32] u32
  std::span<const std::byte> scales; // [out, in / group] of `type`
  std::span<const std::byte> biases;
  Stored type = Stored::f32;
};

/// A dense matrix [out, in], row by row.
struct DenseSource {
  int out = 0;
  int in = 0;
  std::span<const std::byte> values;
  Stored type = Stored::f32;
};

/// A weight matrix in the order in which kernels read it, without loss: codes
/// of other widths take 8 bits, scales half precision where all of them fit,
/// biases nothing where they follow from the scales. Any thread may read it.
class PackedMatrix {
 public:
  PackedMatrix(const AffineSource& source, Arena& arena, ThreadPool& pool);
  PackedMatrix(const DenseSource& source, Arena& arena, ThreadPool& pool);

  const Layout& layout() const { return layout_; }
  const std::byte* tile(int i) const {
    return data_.get() + static_cast<std::size_t>(i) * layout_.tile_bytes();
  }
  std::size_t bytes() const {
    return layout_.tile_bytes() * static_cast<std::size_t>(layout_.n_tiles());
  }

  /// The weights of output `out`, `layout().in` of them.
  void row(int out, float* values) const;

 private:
  Layout layout_;
  std::shared_ptr<std::byte> data_;
};

} // namespace lockstep::kernels
