#include "kernels/packed_matrix.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>

#include "base/half.h"

namespace lockstep::kernels {

static_assert(std::endian::native == std::endian::little);

namespace {

template <class T>
T load_as(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

float value_at(std::span<const std::byte> values, std::size_t i, Stored type) {
  const auto* at = values.data() + i * bytes_of(type);
  switch (type) {
    case Stored::f32:
      return load_as<float>(at);
    case Stored::f16:
      return float_from_f16(load_as<std::uint16_t>(at));
    case Stored::bf16:
      break;
  }
  return float_from_bf16(load_as<std::uint16_t>(at));
}

void store_value(std::byte* to, float value, Stored type) {
  if (type == Stored::f16) {
    const auto half = f16_from_float(value);
    std::memcpy(to, &half, sizeof half);
  } else {
    std::memcpy(to, &value, sizeof value);
  }
}

bool fits_half(float x) {
  return float_from_f16(f16_from_float(x)) == x;
}

int zero_of(int bits) {
  return 1 << (bits - 1);
}

/// Code i of a row of packed words.
unsigned code_at(const std::byte* row, int i, int bits) {
  const int bit = i * bits;
  const auto* at = row + bit / 8;
  unsigned two = static_cast<unsigned>(at[0]);
  if (bit % 8 + bits > 8) {
    two |= static_cast<unsigned>(at[1]) << 8;
  }
  return (two >> (bit % 8)) & ((1U << bits) - 1U);
}

/// Nibbles of 16 bits to the low halves of four bytes.
std::uint32_t spread(std::uint32_t x) {
  x = (x | (x << 8)) & 0x00ff00ffU;
  return (x | (x << 4)) & 0x0f0f0f0fU;
}

Layout layout_of(const AffineSource& source, ThreadPool& pool) {
  Layout layout;
  layout.out = source.out;
  layout.in = source.in;
  layout.bits = source.bits == 4 ? 4 : 8;
  layout.group = source.group;
  layout.zero = zero_of(source.bits);
  const auto n_groups = static_cast<std::size_t>(source.in / source.group);
  std::atomic<bool> halves = true;
  std::atomic<bool> symmetric = true;
  pool.run(layout.n_tiles(), [&](int tile) {
    const auto first = static_cast<std::size_t>(tile * kTile) * n_groups;
    const auto all = static_cast<std::size_t>(source.out) * n_groups;
    const auto end = std::min(first + kTile * n_groups, all);
    for (auto i = first; i < end; ++i) {
      const float scale = value_at(source.scales, i, source.type);
      const float bias = value_at(source.biases, i, source.type);
      if (source.type != Stored::f16 &&
          !(fits_half(scale) && fits_half(bias))) {
        halves.store(false, std::memory_order_relaxed);
      }
      if (bias != -static_cast<float>(layout.zero) * scale) {
        symmetric.store(false, std::memory_order_relaxed);
      }
    }
  });
  layout.type = halves ? Stored::f16 : Stored::f32;
  layout.symmetric = symmetric;
  return layout;
}

class AffineWriter {
 public:
  AffineWriter(const AffineSource& source, const Layout& layout)
      : source_(source),
        layout_(layout),
        row_bytes_(
            static_cast<std::size_t>(source.in) *
            static_cast<std::size_t>(source.bits) / 8),
        n_groups_(source.in / source.group) {}

  void write_tile(int tile, std::byte* to) const {
    const int first = tile * kTile;
    const int rows = std::min(kTile, source_.out - first);
    for (int group = 0; group < n_groups_; ++group) {
      to = write_scales(source_.scales, first, rows, group, to);
      if (!layout_.symmetric) {
        to = write_scales(source_.biases, first, rows, group, to);
      }
      to = write_codes(first, rows, group, to);
    }
  }

 private:
  std::byte* write_scales(
      std::span<const std::byte> from,
      int first,
      int rows,
      int group,
      std::byte* to) const {
    const auto size = bytes_of(layout_.type);
    for (int r = 0; r < rows; ++r) {
      const auto at = static_cast<std::size_t>(first + r) *
                          static_cast<std::size_t>(n_groups_) +
                      static_cast<std::size_t>(group);
      auto* place = to + static_cast<std::size_t>(r) * size;
      if (source_.type == layout_.type) {
        std::memcpy(place, from.data() + at * size, size);
      } else {
        store_value(place, value_at(from, at, source_.type), layout_.type);
      }
    }
    return to + kTile * size;
  }

  std::byte* write_codes(int first, int rows, int group, std::byte* to) const {
    const int per_step = layout_.bits == 4 ? 8 : 4;
    const int begin = group * source_.group;
    const int n_steps = source_.group / per_step;
    for (int r = 0; r < rows; ++r) {
      const auto* row = source_.words.data() +
                        static_cast<std::size_t>(first + r) * row_bytes_;
      for (int step = 0; step < n_steps; ++step) {
        const auto word = step_word(row, begin + step * per_step);
        std::memcpy(to + step * 64 + r * 4, &word, sizeof word);
      }
    }
    return to + static_cast<std::ptrdiff_t>(n_steps) * 64;
  }

  std::uint32_t step_word(const std::byte* row, int i) const {
    std::uint32_t word = 0;
    if (source_.bits == 4) {
      std::memcpy(&word, row + i / 2, sizeof word);
      return spread(word & 0xffffU) | (spread(word >> 16) << 4);
    }
    if (source_.bits == 8) {
      std::memcpy(&word, row + i, sizeof word);
      return word;
    }
    for (int k = 3; k >= 0; --k) {
      word = (word << 8) | code_at(row, i + k, source_.bits);
    }
    return word;
  }

  const AffineSource& source_;
  const Layout& layout_;
  std::size_t row_bytes_;
  int n_groups_;
};

} // namespace

PackedMatrix::PackedMatrix(
    const AffineSource& source, Arena& arena, ThreadPool& pool)
    : layout_(layout_of(source, pool)), data_(arena.take(bytes())) {
  const AffineWriter writer(source, layout_);
  pool.run(layout_.n_tiles(), [&](int tile) {
    writer.write_tile(
        tile,
        data_.get() + static_cast<std::size_t>(tile) * layout_.tile_bytes());
  });
}

PackedMatrix::PackedMatrix(
    const DenseSource& source, Arena& arena, ThreadPool& pool) {
  layout_.out = source.out;
  layout_.in = source.in;
  layout_.type = source.type;
  data_ = arena.take(bytes());
  const auto size = bytes_of(source.type);
  const auto in = static_cast<std::size_t>(source.in);
  pool.run(layout_.n_tiles(), [&](int tile) {
    auto* to =
        data_.get() + static_cast<std::size_t>(tile) * layout_.tile_bytes();
    const int rows = std::min(kTile, source.out - tile * kTile);
    for (std::size_t i = 0; i < in; ++i) {
      for (int r = 0; r < rows; ++r) {
        const auto from = (static_cast<std::size_t>(tile * kTile + r) * in + i);
        std::memcpy(
            to + (i * kTile + static_cast<std::size_t>(r)) * size,
            source.values.data() + from * size,
            size);
      }
    }
  });
}

void PackedMatrix::row(int out, float* values) const {
  const auto lane = static_cast<std::size_t>(out % kTile);
  const auto* from = tile(out / kTile);
  const auto size = bytes_of(layout_.type);
  const auto one = [&](const std::byte* at) {
    return value_at({at + lane * size, size}, 0, layout_.type);
  };
  if (layout_.bits == 0) {
    for (int i = 0; i < layout_.in; ++i, from += kTile * size) {
      values[i] = one(from);
    }
    return;
  }
  const int per_step = layout_.bits == 4 ? 8 : 4;
  for (int i = 0; i < layout_.in;) {
    const float scale = one(from);
    from += kTile * size;
    float bias = -static_cast<float>(layout_.zero) * scale;
    if (!layout_.symmetric) {
      bias = one(from);
      from += kTile * size;
    }
    for (const int end = i + layout_.group; i < end;
         i += per_step, from += 64) {
      for (int k = 0; k < per_step; ++k) {
        const auto byte = static_cast<unsigned>(from[lane * 4 + k % 4]);
        const auto code = layout_.bits == 8 ? byte
                          : k < 4           ? byte & 15U
                                            : byte >> 4;
        values[i + k] = scale * static_cast<float>(code) + bias;
      }
    }
  }
}

} // namespace lockstep::kernels
