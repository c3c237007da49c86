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
      const float* rows,
      float* queries)
      : context_(context),
        shape_(shape),
        rope_(rope),
        rows_(rows),
        queries_(queries),
        width_(tiles_of(shape.head_dim) * kTile) {}

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
      std::vector<std::uint16_t> halves(2 * n);
      for (int place = begin; place < end; ++place) {
        const int row = part.first + place - part.offset;
        const float* from =
            rows_ + static_cast<std::ptrdiff_t>(row) * shape_.row();
        place_query(from, place, row);
        from += shape_.n_heads * shape_.head_dim;
        std::copy_n(from, n, keys.begin());
        rotate(keys.data(), shape_.n_kv_heads, place);
        if (shape_.stored == Stored::f32) {
          store_place(part, place, keys.data(), from + n);
        } else {
          context_.table->to_f16(
              keys.data(), static_cast<int>(n), halves.data());
          context_.table->to_f16(
              from + n, static_cast<int>(n), halves.data() + n);
          store_place(part, place, halves.data(), halves.data() + n);
        }
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

  /// Keys or values of one place as they are stored, [n_kv_heads * head_dim].
  template <class Stored>
  void store_place(
      const AttentionPart& part,
      int place,
      const Stored* keys,
      const Stored* values) {
    const auto dim = static_cast<std::size_t>(shape_.head_dim);
    const auto width = static_cast<std::size_t>(width_);
    const auto room = static_cast<std::size_t>(part.room);
    const auto at = static_cast<std::size_t>(place);
    auto* key_to = reinterpret_cast<Stored*>(part.keys);
    auto* value_to = reinterpret_cast<Stored*>(part.values);
    for (std::size_t head = 0;
         head < static_cast<std::size_t>(shape_.n_kv_heads);
         ++head) {
      auto* lane =
          key_to + (head * room + at / kTile * kTile) * dim + at % kTile;
      for (std::size_t d = 0; d < dim; ++d) {
        lane[d * kTile] = keys[head * dim + d];
      }
      std::copy_n(
          values + head * dim, dim, value_to + (head * room + at) * width);
    }
  }

  Context& context_;
  const AttentionShape& shape_;
  const RopeTable& rope_;
  const float* rows_;
  float* queries_;
  int width_;
};

} // namespace

void place_rows(
    Context& context,
    const AttentionShape& shape,
    const RopeTable& rope,
    const AttentionPart& part,
    const float* rows,
    float* queries) {
  RowPlacer(context, shape, rope, rows, queries).run(part);
}

} // namespace lockstep::kernels
