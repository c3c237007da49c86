#pragma once

#include <cstddef>
#include <cstdint>

namespace lockstep::kernels {

inline constexpr int kTile = 16;     // outputs of a tile, one to each lane
inline constexpr int kBlock = 32;    // inputs that share an activation's scale
inline constexpr int kMostRows = 12; // of a panel
inline constexpr int kChunk = 256;   // places that share a softmax's maximum
inline constexpr int kLargestDigits = 127 * 256 + 127; // in two signed bytes

constexpr int tiles_of(int n) {
  return (n + kTile - 1) / kTile;
}

/// Types of stored weights and scales.
enum class Stored { f32, f16, bf16 };

constexpr std::size_t bytes_of(Stored type) {
  return type == Stored::f32 ? 4 : 2;
}

/// How keys and values are kept: float32, or integers that have a scale for
/// each place and head.
enum class KvType { f32, i16, i8 };

constexpr std::size_t bytes_of(KvType type) {
  return type == KvType::f32 ? 4 : type == KvType::i16 ? 2 : 1;
}

/// How a matrix [out, in] lies in memory: tiles of kTile outputs, one after the
/// other; what is missing in the last tile is zero.
///
/// Quantized: a tile is one record per group of inputs: kTile scales, unless
/// symmetric kTile biases, and the codes, in steps of 64 bytes. In a step each
/// output has 4 bytes. 8 bits: of inputs 0 … 3. 4 bits: inputs 0 … 3 in the
/// low halves, 4 … 7 in the high ones.
/// Dense: a tile is kTile weights per input.
struct Layout {
  int out = 0;
  int in = 0;
  int bits = 0;              // 4 or 8; 0 = dense
  int group = 0;             // inputs that share a scale, a multiple of kBlock
  bool symmetric = false;    // value = scale * (code - zero), no biases stored
  int zero = 0;              // of symmetric
  Stored type = Stored::f32; // of the scales and biases, or of the weights

  int n_tiles() const { return tiles_of(out); }
  std::size_t record_bytes() const { // of one group, or of one input
    return bits == 0 ? kTile * bytes_of(type)
                     : kTile * bytes_of(type) * (symmetric ? 1 : 2) +
                           static_cast<std::size_t>(kTile * group * bits / 8);
  }
  std::size_t tile_bytes() const {
    return record_bytes() *
           static_cast<std::size_t>(bits == 0 ? in : in / group);
  }
};

/// Up to kMostRows rows of activations side by side, as a kernel reads them:
/// whatever belongs to one place in all rows is consecutive.
struct Panel {
  int rows = 0;
  int in = 0;
  /// Four inputs of a row as integers: two words for exact kernels, one for
  /// fast ones; [in / 4][1 or 2][rows], coded as the kernel's lanes want it.
  std::int32_t* quads = nullptr;
  float* scales = nullptr;        // [in / kBlock][rows]
  std::int32_t* totals = nullptr; // sums of the integers, the same shape
  float* sums = nullptr;          // scale times total, the same shape
  float* values = nullptr;        // for dense kernels: [in][rows]
};

/// One panel times consecutive tiles of a matrix.
struct TileArgs {
  const std::byte* weights = nullptr; // of the first tile
  const Layout* layout = nullptr;
  int n_tiles = 0;
  Panel x;
  float* out = nullptr; // [x.rows, stride]
  std::ptrdiff_t stride = 0;
};

/// Some queries of one head's keys and values against the places of a chunk.
struct AttendArgs {
  int n_queries = 0;              // at most kMostRows
  const float* queries = nullptr; // [head_dim][n_queries], scaled
  const int* last = nullptr; // [n_queries] the last place that each may see
  int first = 0;             // place of the chunk, a multiple of kChunk
  int head_dim = 0;
  const std::byte* keys = nullptr;      // of the chunk, as KvShape says
  const std::byte* values = nullptr;    // of the chunk
  const std::byte* next_keys = nullptr; // read after this chunk: fetched ahead
  const float* key_scales = nullptr;    // of its places; of integers
  const float* value_scales = nullptr;  // the same
  float* largest = nullptr;             // [n_queries] of the scores
  float* total = nullptr;               // [n_queries] sum of the weights
  float* mixed = nullptr; // [n_queries][tiles_of(head_dim) * kTile]
};

} // namespace lockstep::kernels
