#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "mlx/array.h"

namespace lockstep::model {

namespace mx = mlx::core;

inline constexpr int kCacheStep = 256; // places by which a slot grows

/// Places that a slot has allocated when it holds so many.
inline int places_held(int n_places) {
  return (n_places + kCacheStep - 1) / kCacheStep * kCacheStep;
}

/// What one place of a layer's cache holds: [n_kv_heads, width] of `dtype`.
struct CacheShape {
  int n_kv_heads = 0;
  int key_width = 0;
  int value_width = 0;
  mx::Dtype dtype = mx::float32;
};

/// Keys and values of one layer, by slot. A slot's arrays grow in steps and
/// hold one sequence; places are written in order or again from an earlier one.
class LayerCache {
 public:
  explicit LayerCache(int n_slots);

  /// Writes `keys` and `values`, both [1, n_kv_heads, L, head_dim], to places
  /// offset … offset + L - 1 and returns all places from 0 to the last written,
  /// [1, n_kv_heads, offset + L, head_dim].
  std::pair<mx::array, mx::array> append(
      int slot, int offset, const mx::array& keys, const mx::array& values);

  /// Room for places 0 … n_places - 1, for a node that writes into it itself:
  /// keys and values [1, n_kv_heads, capacity, width], capacity a multiple of
  /// kCacheStep and new places zero. The arrays stay the same until the room
  /// does not suffice; then what they hold is copied.
  std::pair<mx::array, mx::array> reserve(
      int slot, int n_places, const CacheShape& shape);

  void close(int slot);
  std::uint64_t bytes() const;
  /// Everything held, so that a tick can evaluate it.
  void collect(std::vector<mx::array>& arrays) const;

 private:
  struct Slot {
    std::optional<mx::array> keys; // [1, n_kv_heads, capacity, head_dim]
    std::optional<mx::array> values;
  };
  std::vector<Slot> slots_;
};

/// The caches of all layers of one stage. Main thread only.
class KvCache {
 public:
  KvCache(int n_layers, int n_slots);

  LayerCache& layer(int i) { // i counts from the stage's first layer
    return layers_[static_cast<std::size_t>(i)];
  }
  void close(int slot);
  std::uint64_t bytes() const;
  std::vector<mx::array> arrays() const;

 private:
  std::vector<LayerCache> layers_;
};

} // namespace lockstep::model
