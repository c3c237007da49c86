#include "kernels/attention.h"

#include <algorithm>
#include <cstddef>

#include "kernels/mix.h"
#include "kernels/place_rows.h"

namespace lockstep::kernels {

namespace {

/// Some rows of a part, whose queries of one head of keys go together.
struct Piece {
  const AttentionPart* part = nullptr;
  int kv_head = 0;
  int row = 0; // of the part
  int n_rows = 0;
  int first_chunk = 0;
  int last_chunk = 0;       // after the last
  float* partial = nullptr; // of a piece that is one chunk of several
};

class Attention {
 public:
  Attention(
      Context& context,
      const AttentionShape& shape,
      const RopeTable& rope,
      const std::vector<AttentionPart>& parts,
      std::size_t layer,
      const float* rows,
      float* out)
      : context_(context),
        shape_(shape),
        rope_(rope),
        parts_(parts),
        layer_(layer),
        rows_(rows),
        out_(out),
        width_(tiles_of(shape.head_dim) * kTile),
        n_shared_(shape.n_heads / shape.n_kv_heads) {}

  void run() {
    int n_rows = 0;
    for (const auto& part : parts_) {
      n_rows = std::max(n_rows, part.first + part.n);
    }
    queries_.resize(
        static_cast<std::size_t>(n_rows * shape_.n_heads) *
        static_cast<std::size_t>(shape_.head_dim));
    for (const auto& part : parts_) {
      place_rows(context_, shape_, rope_, part, layer_, rows_, queries_.data());
    }
    make_pieces();
    context_.pool.run(static_cast<int>(pieces_.size()), [&](int i) {
      attend(pieces_[static_cast<std::size_t>(i)]);
    });
    for (const auto& whole : split_) {
      join(whole);
    }
  }

 private:
  void make_pieces() {
    const int rows_at_once = std::max(1, 2 * kMostRows / n_shared_);
    int n_whole = 0;
    for (const auto& part : parts_) {
      n_whole += (part.n + rows_at_once - 1) / rows_at_once * shape_.n_kv_heads;
    }
    // Few pieces with many places are split by chunks.
    const bool splits = n_whole < 4 * context_.pool.n_threads();
    for (const auto& part : parts_) {
      for (int row = 0; row < part.n; row += rows_at_once) {
        const int n_rows = std::min(rows_at_once, part.n - row);
        const int n_chunks = (part.offset + row + n_rows - 1) / kChunk + 1;
        for (int head = 0; head < shape_.n_kv_heads; ++head) {
          const Piece whole{&part, head, row, n_rows, 0, n_chunks, nullptr};
          if (splits && n_chunks > 1) {
            split_.push_back(whole);
          } else {
            pieces_.push_back(whole);
          }
        }
      }
    }
    split_by_chunks();
  }

  std::size_t partial_size(const Piece& piece) const { // of one chunk
    return static_cast<std::size_t>(piece.n_rows * n_shared_) *
           static_cast<std::size_t>(width_ + 2);
  }

  void split_by_chunks() {
    std::size_t size = 0;
    for (const auto& whole : split_) {
      size += partial_size(whole) * static_cast<std::size_t>(whole.last_chunk);
    }
    partials_.resize(size);
    float* partial = partials_.data();
    for (auto& whole : split_) {
      whole.partial = partial;
      for (int chunk = 0; chunk < whole.last_chunk; ++chunk) {
        auto piece = whole;
        piece.first_chunk = chunk;
        piece.last_chunk = chunk + 1;
        piece.partial = partial;
        pieces_.push_back(piece);
        partial += partial_size(whole);
      }
    }
  }

  /// Query i of a piece: row i / n_shared_, and of its heads i % n_shared_.
  int row_of(const Piece& piece, int i) const {
    return piece.part->first + piece.row + i / n_shared_;
  }
  int query_head(const Piece& piece, int i) const {
    return piece.kv_head * n_shared_ + i % n_shared_;
  }
  int place_of(const Piece& piece, int i) const {
    return piece.part->offset + piece.row + i / n_shared_;
  }

  void attend(const Piece& piece) {
    const int n = piece.n_rows * n_shared_;
    int first = 0;
    for (const int size : {12, 8, 6, 4, 3, 2, 1}) {
      for (; n - first >= size; first += size) {
        attend(piece, first, size);
      }
    }
  }

  KvHead head_at(const Piece& piece, int chunk, int head) const {
    auto* page = piece.part->pages[static_cast<std::size_t>(chunk)];
    return head_of(shape_.kv(), page + layer_, head);
  }

  /// The keys of the next chunk; after the last those of the next head.
  const std::byte* keys_after(const Piece& piece, int chunk) const {
    const int place = place_of(piece, piece.n_rows * n_shared_ - 1);
    return chunk < place / kChunk
               ? head_at(piece, chunk + 1, piece.kv_head).keys
               : head_at(piece, 0, (piece.kv_head + 1) % shape_.n_kv_heads)
                     .keys;
  }

  void attend(const Piece& piece, int first, int n) {
    const int dim = shape_.head_dim;
    std::vector<float> queries(static_cast<std::size_t>(n * dim));
    int last[kMostRows];
    for (int q = 0; q < n; ++q) {
      last[q] = place_of(piece, first + q);
      const float* from =
          queries_.data() + static_cast<std::ptrdiff_t>(
                                row_of(piece, first + q) * shape_.n_heads +
                                query_head(piece, first + q)) *
                                dim;
      for (int d = 0; d < dim; ++d) {
        queries
            [static_cast<std::size_t>(d) * static_cast<std::size_t>(n) +
             static_cast<std::size_t>(q)] = from[d];
      }
    }
    std::vector<float> space(static_cast<std::size_t>(2 * n * width_));
    float largest[kMostRows];
    float total[kMostRows];
    Mix mixes[kMostRows];
    for (int q = 0; q < n; ++q) {
      mixes[q].mixed =
          space.data() + static_cast<std::ptrdiff_t>(n + q) * width_;
    }
    AttendArgs args;
    args.n_queries = n;
    args.queries = queries.data();
    args.last = last;
    args.head_dim = dim;
    args.largest = largest;
    args.total = total;
    args.mixed = space.data();
    for (int chunk = piece.first_chunk; chunk < piece.last_chunk; ++chunk) {
      args.first = chunk * kChunk;
      if (args.first > last[n - 1]) {
        break;
      }
      const auto kv = head_at(piece, chunk, piece.kv_head);
      args.keys = kv.keys;
      args.next_keys = keys_after(piece, chunk);
      args.values = kv.values;
      args.key_scales = kv.key_scales;
      args.value_scales = kv.value_scales;
      context_.table->attend_for(shape_.kv_type)(args);
      for (int q = 0; q < n; ++q) {
        if (args.first <= last[q]) {
          merge(
              *context_.table,
              {largest[q], total[q], space.data() + q * width_},
              width_,
              mixes[q]);
        }
      }
    }
    for (int q = 0; q < n; ++q) {
      if (piece.partial == nullptr) {
        write(piece, first + q, mixes[q]);
      } else {
        float* to = piece.partial +
                    static_cast<std::ptrdiff_t>(first + q) * (width_ + 2);
        to[0] = mixes[q].largest;
        to[1] = mixes[q].total;
        std::copy_n(mixes[q].mixed, width_, to + 2);
      }
    }
  }

  void join(const Piece& whole) {
    std::vector<float> space(static_cast<std::size_t>(width_));
    for (int q = 0; q < whole.n_rows * n_shared_; ++q) {
      std::fill(space.begin(), space.end(), 0.0F);
      Mix mix;
      mix.mixed = space.data();
      for (int chunk = 0; chunk < whole.last_chunk; ++chunk) {
        if (chunk * kChunk > place_of(whole, q)) {
          break;
        }
        float* partial = whole.partial +
                         partial_size(whole) * static_cast<std::size_t>(chunk) +
                         static_cast<std::ptrdiff_t>(q) * (width_ + 2);
        merge(
            *context_.table,
            {partial[0], partial[1], partial + 2},
            width_,
            mix);
      }
      write(whole, q, mix);
    }
  }

  void write(const Piece& piece, int q, const Mix& mix) {
    float* to =
        out_ + static_cast<std::ptrdiff_t>(
                   row_of(piece, q) * shape_.n_heads + query_head(piece, q)) *
                   shape_.head_dim;
    std::copy_n(mix.mixed, shape_.head_dim, to);
    context_.table->scale(to, 1.0F / mix.total, shape_.head_dim);
  }

  Context& context_;
  const AttentionShape& shape_;
  const RopeTable& rope_;
  const std::vector<AttentionPart>& parts_;
  std::size_t layer_;
  const float* rows_;
  float* out_;
  int width_;
  int n_shared_;
  std::vector<float> queries_; // [R, n_heads, head_dim]
  std::vector<Piece> pieces_;
  std::vector<Piece> split_; // into several of pieces_
  std::vector<float> partials_;
};

} // namespace

void attend_parts(
    Context& context,
    const AttentionShape& shape,
    const RopeTable& rope,
    const std::vector<AttentionPart>& parts,
    std::size_t layer,
    const float* rows,
    float* out) {
  Attention(context, shape, rope, parts, layer, rows, out).run();
}

} // namespace lockstep::kernels
