#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "mlx/array.h"

#include "checkpoint/config.h"
#include "model/pass.h"

namespace lockstep::model {

namespace mx = mlx::core;

/// A slot takes memory by pages of so many places.
inline constexpr int kPagePlaces = 256;

/// Whole pages for so many places, counted in places.
inline int places_held(int n_places) {
  return (n_places + kPagePlaces - 1) / kPagePlaces * kPagePlaces;
}

/// Keys and values of all layers of one stage, by slot. A slot holds one
/// sequence and grows with it. What blocks compute with a cache must be
/// evaluated, together with collect(), before the next call here. Main thread
/// only.
class KvCache {
 public:
  virtual ~KvCache() = default;

  /// Makes room for all places that a pass writes; before any block runs it.
  virtual void begin(const Pass& pass) = 0;
  /// Slot `to` begins with the first `n_places` of slot `from`, which holds
  /// them and may be `to` itself; what else `to` held is gone.
  virtual void copy(int from, int to, int n_places) = 0;
  virtual void close(int slot) = 0;
  virtual std::uint64_t bytes() const = 0; // of what is held
  /// Adds what a tick has to evaluate.
  virtual void collect(std::vector<mx::array>& arrays) const = 0;
};

/// How a stage's caches are made, and what they take.
struct CacheMaker {
  std::function<std::unique_ptr<KvCache>(int n_slots)> make;
  std::uint64_t page_bytes = 0; // of one page, in all layers
  bool shares_pages = false;    // of slots that begin alike
};

} // namespace lockstep::model
