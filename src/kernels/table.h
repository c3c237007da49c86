#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kernels/layout.h"

namespace lockstep::kernels {

/// Exact: activations as integers of 16 bits, the same bits on every CPU and
/// for every number of rows. Fast: of 8 bits.
enum class Accuracy { exact, fast };

/// The functions that differ by instruction set. All of one kind give the same
/// bits in every table; none throws, allocates or keeps a pointer.
struct Table {
  using Tiles = void (*)(const TileArgs&);

  const char* name = "";
  int rows = 0;      // most rows of a panel
  bool fast = false; // fast kernels are others than the exact ones

  /// Fills a panel's quads, scales and totals from panel.rows rows of
  /// panel.in values, `stride` apart.
  void (*quantize_exact)(const float* x, std::ptrdiff_t stride, const Panel&);
  void (*quantize_fast)(const float* x, std::ptrdiff_t stride, const Panel&);

  /// By 4 or 8 bits, symmetric or not, scales of f32 or f16.
  std::array<std::array<std::array<Tiles, 2>, 2>, 2> exact_tiles;
  std::array<std::array<std::array<Tiles, 2>, 2>, 2> fast_tiles;
  std::array<Tiles, 3> dense_tiles; // by Stored, of weights

  /// y = x / rms(x) * weight
  void (*rms_norm)(
      const float* x, const float* weight, float eps, int n, float* y);
  /// gate = silu(gate) * up; n a multiple of kTile
  void (*swiglu)(float* gate, const float* up, int n);
  /// to += x
  void (*add)(const float* x, int n, float* to);
  /// Rotates the first and the second half of `dims` leading values of each of
  /// so many heads, by dims / 2 cosines and sines.
  void (*rotate)(
      float* heads,
      int n_heads,
      int head_dim,
      int dims,
      const float* cosines,
      const float* sines);
  void (*scale)(float* x, float by, int n);
  /// to = to * keep + x * by, each rounded; n a multiple of kTile
  void (*mix)(const float* x, float by, int n, float keep, float* to);
  /// Returns the scale: x = y * scale.
  float (*to_i16)(const float* x, int n, std::int16_t* y);
  float (*to_i8)(const float* x, int n, std::int8_t* y);
  void (*attend_f32)(const AttendArgs&);
  void (*attend_i16)(const AttendArgs&);
  void (*attend_i8)(const AttendArgs&);
  float (*exp)(float x); // of at most 88, of at least -87
  /// The largest of n values, numbers all of them.
  float (*largest)(const float* x, int n);
  /// log Σ exp(x), given the largest value.
  double (*log_sum_exp)(const float* x, int n, float largest);

  Tiles tiles_for(const Layout& layout, Accuracy accuracy) const {
    if (layout.bits == 0) {
      return dense_tiles[static_cast<std::size_t>(layout.type)];
    }
    const auto& all = accuracy == Accuracy::fast ? fast_tiles : exact_tiles;
    return all[layout.bits == 8][layout.symmetric][layout.type == Stored::f16];
  }
  auto attend_for(KvType type) const {
    return type == KvType::f32   ? attend_f32
           : type == KvType::i16 ? attend_i16
                                 : attend_i8;
  }
  auto quantize_for(Accuracy accuracy) const {
    return accuracy == Accuracy::fast ? quantize_fast : quantize_exact;
  }
};

/// Every table that this CPU can run, the best first; never empty.
std::vector<const Table*> usable_tables();

inline const Table& best_table() {
  return *usable_tables().front();
}

} // namespace lockstep::kernels
