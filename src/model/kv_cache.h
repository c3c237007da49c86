#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "mlx/array.h"

namespace lockstep::model {

namespace mx = mlx::core;

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
