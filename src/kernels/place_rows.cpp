#include "kernels/place_rows.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lockstep::kernels {

namespace {

class RowPlacer {
 public:
  RowPlacer(
      Context& context,
      const AttentionShape& shape,
      const RopeTable& rope,
      std::size_t layer,
      const float* rows,
      float* queries)
      : context_(context),
        shape_(shape),
        kv_(shape.kv()),
        rope_(rope),
        layer_(layer),
        rows_(rows),
        queries_(queries) {}

  void run(const AttentionPart& part) {
    // A tile of keys at a time, so that no two threads write to one line.
    const int first_tile = part.offset / kTile;
    const int n_tiles = tiles_of(part.offset + part.n) - first_tile;
    context_.pool.run(n_tiles, [&](int tile) {
      const int begin = std::max(part.offset, (first_tile + tile) * kTile);
      const int end =
          std::min(part.offset + part.n, (first_tile + tile + 1) * kTile);
      const auto n = static_cast<std::size_t>(shape_.n_kv_heads) *
                     static_cast<std::size_t>(shape_.head_dim);
      std::vector<float> keys(n);
      for (int place = begin; place < end; ++place) {
        const int row = part.first + place - part.offset;
        const float* from =
            rows_ + static_cast<std::ptrdiff_t>(row) * shape_.row();
        place_query(from, place, row);
        from += shape_.n_heads * shape_.head_dim;
        std::copy_n(from, n, keys.begin());
        rotate(keys.data(), shape_.n_kv_heads, place);
        store_place(part, place, keys.data(), from + n);
      }
    });
  }

 private:
  void place_query(const float* from, int place, int row) {
    const int n = shape_.n_heads * shape_.head_dim;
    float* query = queries_ + static_cast<std::ptrdiff_t>(row) * n;
    std::copy_n(from, n, query);
    rotate(query, shape_.n_heads, place);
    context_.table->scale(query, shape_.scale, n);
  }

  void rotate(float* heads, int n_heads, int place) const {
    context_.table->rotate(
        heads,
        n_heads,
        shape_.head_dim,
        rope_.dims(),
        rope_.cosines(place),
        rope_.sines(place));
  }

  /// Keys and values of one place, both [n_kv_heads, head_dim].
  void store_place(
      const AttentionPart& part,
      int place,
      const float* keys,
      const float* values) {
    auto* page = part.pages[static_cast<std::size_t>(place / kChunk)] + layer_;
    for (int head = 0; head < shape_.n_kv_heads; ++head) {
      const auto to = head_of(kv_, page, head);
      switch (shape_.kv_type) {
        case KvType::f32:
          put(to, place % kChunk, keys, values);
          break;
        case KvType::i16:
          put_ints(to, place % kChunk, keys, values, context_.table->to_i16);
          break;
        case KvType::i8:
          put_ints(to, place % kChunk, keys, values, context_.table->to_i8);
      }
      keys += shape_.head_dim;
      values += shape_.head_dim;
    }
  }

  template <class T>
  void put_ints(
      const KvHead& to,
      int at,
      const float* keys,
      const float* values,
      float (*to_ints)(const float*, int, T*)) {
    const int dim = shape_.head_dim;
    std::vector<T> ints(static_cast<std::size_t>(2 * dim));
    to.key_scales[at] = to_ints(keys, dim, ints.data());
    to.value_scales[at] = to_ints(values, dim, ints.data() + dim);
    put(to, at, ints.data(), ints.data() + dim);
  }

  /// One head's keys and values as they are stored, to place `at` of a page.
  template <class T>
  void put(const KvHead& to, int at, const T* keys, const T* values) {
    const int dim = shape_.head_dim;
    auto* lane = reinterpret_cast<T*>(to.keys) +
                 static_cast<std::ptrdiff_t>(at / kTile * kTile) * dim +
                 at % kTile;
    for (int d = 0; d < dim; ++d) {
      lane[static_cast<std::ptrdiff_t>(d) * kTile] = keys[d];
    }
    const auto width = static_cast<std::ptrdiff_t>(tiles_of(dim)) * kTile;
    std::copy_n(values, dim, reinterpret_cast<T*>(to.values) + at * width);
  }

  Context& context_;
  const AttentionShape& shape_;
  KvShape kv_;
  const RopeTable& rope_;
  std::size_t layer_;
  const float* rows_;
  float* queries_;
};

} // namespace

void place_rows(
    Context& context,
    const AttentionShape& shape,
    const RopeTable& rope,
    const AttentionPart& part,
    std::size_t layer,
    const float* rows,
    float* queries) {
  RowPlacer(context, shape, rope, layer, rows, queries).run(part);
}

} // namespace lockstep::kernels
