#include "model/kv_cache.h"

#include "mlx/ops.h"

namespace lockstep::model {

namespace {

/// `cache` with room for `places`, or fresh when there is none yet.
mx::array grown(
    const std::optional<mx::array>& cache,
    int n_kv_heads,
    int width,
    mx::Dtype dtype,
    int places) {
  const int capacity = places_held(places);
  const int missing = capacity - (cache ? cache->shape(2) : 0);
  if (missing <= 0) {
    return *cache;
  }
  const auto room = mx::zeros({1, n_kv_heads, missing, width}, dtype);
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

LayerCache::LayerCache(int n_slots)
    : slots_(static_cast<std::size_t>(n_slots)) {
}

std::pair<mx::array, mx::array> LayerCache::append(
    int slot, int offset, const mx::array& keys, const mx::array& values) {
  auto& held = slots_[static_cast<std::size_t>(slot)];
  auto all_keys = write(held.keys, keys, offset);
  auto all_values = write(held.values, values, offset);
  return {std::move(all_keys), std::move(all_values)};
}

std::pair<mx::array, mx::array> LayerCache::reserve(
    int slot, int n_places, const CacheShape& shape) {
  auto& held = slots_[static_cast<std::size_t>(slot)];
  held.keys = grown(
      held.keys, shape.n_kv_heads, shape.key_width, shape.dtype, n_places);
  held.values = grown(
      held.values, shape.n_kv_heads, shape.value_width, shape.dtype, n_places);
  return {*held.keys, *held.values};
}

void LayerCache::close(int slot) {
  slots_[static_cast<std::size_t>(slot)] = {};
}

std::uint64_t LayerCache::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& slot : slots_) {
    sum += slot.keys ? slot.keys->nbytes() + slot.values->nbytes() : 0;
  }
  return sum;
}

void LayerCache::collect(std::vector<mx::array>& arrays) const {
  for (const auto& slot : slots_) {
    if (slot.keys) {
      arrays.push_back(*slot.keys);
      arrays.push_back(*slot.values);
    }
  }
}

KvCache::KvCache(int n_layers, int n_slots)
    : layers_(static_cast<std::size_t>(n_layers), LayerCache(n_slots)) {
}

void KvCache::close(int slot) {
  for (auto& layer : layers_) {
    layer.close(slot);
  }
}

std::uint64_t KvCache::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& layer : layers_) {
    sum += layer.bytes();
  }
  return sum;
}

std::vector<mx::array> KvCache::arrays() const {
  std::vector<mx::array> all;
  for (const auto& layer : layers_) {
    layer.collect(all);
  }
  return all;
}

} // namespace lockstep::model
