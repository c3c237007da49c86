#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "model/kv_cache.h"

namespace lockstep::model {

/// How values are kept: as they come, or as integers of 8 bits with a float32
/// scale for each place and head.
enum class KvStored { as_computed, i8 };

/// Values of one layer and one slot, of all places so far.
class MlxPlaces {
 public:
  /// Writes `x` [1, n_heads, L, width] to places offset … offset + L - 1 and
  /// returns all places from 0 to the last written, of x's type.
  mx::array append(const mx::array& x, int offset, KvStored stored);

  /// The first `n_places` of them, and perhaps more.
  MlxPlaces first(int n_places) const;
  std::uint64_t bytes() const;
  void collect(std::vector<mx::array>& arrays) const;

 private:
  std::optional<mx::array> values_; // [1, n_heads, capacity, width]
  std::optional<mx::array> scales_; // [1, n_heads, capacity, 1]; i8 only
};

/// A cache of MLX's arrays. Slots that begin alike share an array until one of
/// them writes; MLX copies it then.
class MlxCache final : public KvCache {
 public:
  MlxCache(std::size_t n_layers, int n_slots, KvStored stored);

  /// Keys and values [1, n_heads, L, width], as MlxPlaces::append.
  std::pair<mx::array, mx::array> append(
      int layer,
      int slot,
      int offset,
      const mx::array& keys,
      const mx::array& values);

  void begin(const Pass& pass) override;
  void copy(int from, int to, int n_places) override;
  void close(int slot) override;
  std::uint64_t bytes() const override;
  void collect(std::vector<mx::array>& arrays) const override;

 private:
  struct Held {
    MlxPlaces keys;
    MlxPlaces values;
  };

  Held& held(std::size_t layer, int slot) {
    return held_[static_cast<std::size_t>(slot) * n_layers_ + layer];
  }
  const Held& held(std::size_t layer, int slot) const {
    return held_[static_cast<std::size_t>(slot) * n_layers_ + layer];
  }

  std::size_t n_layers_;
  KvStored stored_;
  std::vector<Held> held_;   // by slot, then layer
  std::vector<int> written_; // slots, by the pass begun last
};

} // namespace lockstep::model
