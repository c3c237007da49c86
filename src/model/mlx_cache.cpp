#include "model/mlx_cache.h"

#include "mlx/ops.h"

namespace lockstep::model {

namespace {

/// `cache` with room for `places`, or fresh when there is none yet.
mx::array grown(
    const std::optional<mx::array>& cache,
    int n_heads,
    int width,
    mx::Dtype dtype,
    int places) {
  const int capacity = places_held(places);
  const int missing = capacity - (cache ? cache->shape(2) : 0);
  if (missing <= 0) {
    return *cache;
  }
  const auto room = mx::zeros({1, n_heads, missing, width}, dtype);
  return cache ? mx::concatenate({*cache, room}, 2) : room;
}

mx::array write(
    std::optional<mx::array>& cache, const mx::array& x, int offset) {
  const int end = offset + x.shape(2);
  const mx::Shape start{0, 0, offset, 0};
  const mx::Shape stop{1, x.shape(1), end, x.shape(3)};
  auto whole = grown(cache, x.shape(1), x.shape(3), x.dtype(), end);
  // Drops our reference, so that MLX may write in place.
  cache.reset();
  cache = mx::slice_update(whole, x, start, stop);
  return mx::slice(*cache, {0, 0, 0, 0}, {1, x.shape(1), end, x.shape(3)});
}

} // namespace

mx::array MlxPlaces::append(const mx::array& x, int offset, KvStored stored) {
  if (stored == KvStored::as_computed) {
    return write(values_, x, offset);
  }
  const auto wide = mx::astype(x, mx::float32);
  const auto scales = mx::divide(
      mx::max(mx::abs(wide), -1, true), mx::array(127.0F, mx::float32));
  const auto safe =
      mx::where(mx::equal(scales, mx::array(0.0F)), mx::array(1.0F), scales);
  const auto codes = mx::astype(mx::round(mx::divide(wide, safe)), mx::int8);
  const auto all_codes = write(values_, codes, offset);
  const auto all_scales = write(scales_, scales, offset);
  return mx::astype(
      mx::multiply(mx::astype(all_codes, mx::float32), all_scales), x.dtype());
}

MlxPlaces MlxPlaces::first(int n_places) const {
  // In whole pages; what lies behind is written again before it is read.
  const auto cut = [n = places_held(n_places)](const auto& array) {
    const auto& shape = array->shape();
    return shape[2] <= n
               ? array
               : std::optional(mx::contiguous(mx::slice(
                     *array, {0, 0, 0, 0}, {shape[0], shape[1], n, shape[3]})));
  };
  MlxPlaces places;
  places.values_ = values_ ? cut(values_) : values_;
  places.scales_ = scales_ ? cut(scales_) : scales_;
  return places;
}

std::uint64_t MlxPlaces::bytes() const {
  return (values_ ? values_->nbytes() : 0) + (scales_ ? scales_->nbytes() : 0);
}

void MlxPlaces::collect(std::vector<mx::array>& arrays) const {
  for (const auto& array : {values_, scales_}) {
    if (array) {
      arrays.push_back(*array);
    }
  }
}

MlxCache::MlxCache(std::size_t n_layers, int n_slots, KvStored stored)
    : n_layers_(n_layers),
      stored_(stored),
      held_(n_layers * static_cast<std::size_t>(n_slots)) {
}

std::pair<mx::array, mx::array> MlxCache::append(
    int layer,
    int slot,
    int offset,
    const mx::array& keys,
    const mx::array& values) {
  auto& to = held(static_cast<std::size_t>(layer), slot);
  auto all_keys = to.keys.append(keys, offset, stored_);
  auto all_values = to.values.append(values, offset, stored_);
  return {std::move(all_keys), std::move(all_values)};
}

void MlxCache::begin(const Pass& pass) {
  // Arrays grow as blocks append.
  written_.clear();
  for (const auto& part : pass.parts) {
    written_.push_back(part.slot);
  }
}

void MlxCache::copy(int from, int to, int n_places) {
  for (std::size_t layer = 0; layer < n_layers_; ++layer) {
    const auto& source = held(layer, from);
    held(layer, to) = {
        source.keys.first(n_places), source.values.first(n_places)};
  }
}

void MlxCache::close(int slot) {
  for (std::size_t layer = 0; layer < n_layers_; ++layer) {
    held(layer, slot) = {};
  }
}

std::uint64_t MlxCache::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& each : held_) {
    sum += each.keys.bytes() + each.values.bytes();
  }
  return sum;
}

void MlxCache::collect(std::vector<mx::array>& arrays) const {
  for (const int slot : written_) {
    for (std::size_t layer = 0; layer < n_layers_; ++layer) {
      const auto& each = held(layer, slot);
      each.keys.collect(arrays);
      each.values.collect(arrays);
    }
  }
}

} // namespace lockstep::model
