#include "kernels/product.h"

#include <algorithm>
#include <array>
#include <utility>

namespace lockstep::kernels {

namespace {

/// Two tiles make a block of activations for the next product.
constexpr int kPair = kBlock / kTile;
constexpr int kPanelsAtOnce = 8; // share a pair of tiles while it is in cache
using Buffer = std::array<float, kMostRows * kBlock>; // [rows, kBlock]

/// Work to be shared out: blocks of panels times ranges of pairs of tiles.
/// Ranges begin long, so that each thread reads memory from one place on, and
/// end short, so that the last one does not hold up much.
class Split {
 public:
  Split(int n_panels, int n_pairs, int n_threads)
      : n_panels_(n_panels),
        n_blocks_((n_panels + kPanelsAtOnce - 1) / kPanelsAtOnce) {
    const int shares = std::max(2, 2 * n_threads / n_blocks_);
    for (int pair = 0; pair < n_pairs;) {
      starts_.push_back(pair);
      pair += (n_pairs - pair + shares - 1) / shares;
    }
    starts_.push_back(n_pairs);
  }

  int n_pieces() const { return n_blocks_ * n_ranges(); }

  /// Calls f(panel, pair) for all of a piece.
  template <class Each>
  void run(int piece, const Each& each) const {
    // A long range of all blocks before the next shorter one.
    const int first_panel = piece % n_blocks_ * kPanelsAtOnce;
    const int last_panel = std::min(first_panel + kPanelsAtOnce, n_panels_);
    const auto range = static_cast<std::size_t>(piece / n_blocks_);
    for (int pair = starts_[range]; pair < starts_[range + 1]; ++pair) {
      for (int panel = first_panel; panel < last_panel; ++panel) {
        each(panel, pair);
      }
    }
  }

 private:
  int n_ranges() const { return static_cast<int>(starts_.size()) - 1; }

  int n_panels_;
  int n_blocks_;
  std::vector<int> starts_; // of the ranges, and the end
};

/// The outputs of a pair of tiles with their biases, in `to`. -> how many
int multiply(
    const Context& context,
    const Weighted& part,
    int pair,
    const Panel& x,
    Buffer& to) {
  const auto& layout = part.matrix.layout();
  TileArgs args;
  args.weights = part.matrix.tile(pair * kPair);
  args.layout = &layout;
  args.n_tiles = std::min(kPair, layout.n_tiles() - pair * kPair);
  args.x = x;
  args.out = to.data();
  args.stride = kBlock;
  context.table->tiles_for(layout, context.accuracy)(args);
  const int first = pair * kBlock;
  const int n = std::min(kBlock, layout.out - first);
  if (!part.bias.empty()) {
    for (int r = 0; r < x.rows; ++r) {
      context.table->add(part.bias.data() + first, n, to.data() + r * kBlock);
    }
  }
  return n;
}

int pairs_of(const Weighted& part) {
  return (part.matrix.layout().n_tiles() + kPair - 1) / kPair;
}

} // namespace

InputForms forms_of(std::span<const Weighted> parts) {
  InputForms forms;
  for (const auto& part : parts) {
    (part.matrix.layout().bits == 0 ? forms.dense : forms.quantized) = true;
  }
  return forms;
}

Product::Product(std::vector<Weighted> parts) : parts_(std::move(parts)) {
  for (const auto& part : parts_) {
    columns_.push_back(out_);
    out_ += part.matrix.layout().out;
  }
}

void Product::run(
    Context& context, Activations& x, const float* residual, float* y) const {
  int n_pairs = 0;
  for (const auto& part : parts_) {
    n_pairs += pairs_of(part);
  }
  const Split split(x.n_panels(), n_pairs, context.pool.n_threads());
  context.pool.run(split.n_pieces(), [&](int piece) {
    alignas(64) Buffer buffer;
    split.run(piece, [&](int panel, int pair) {
      std::size_t i = 0;
      for (; pair >= pairs_of(parts_[i]); ++i) {
        pair -= pairs_of(parts_[i]);
      }
      const auto in = x.panel(panel);
      const int n = multiply(context, parts_[i], pair, in, buffer);
      for (int r = 0; r < in.rows; ++r) {
        const auto at =
            static_cast<std::ptrdiff_t>(x.first_row(panel) + r) * out_ +
            columns_[i] + pair * kBlock;
        auto* row = buffer.data() + r * kBlock;
        if (residual != nullptr) {
          context.table->add(residual + at, n, row);
        }
        std::copy_n(row, n, y + at);
      }
    });
  });
}

GatedProduct::GatedProduct(Weighted gate, Weighted up, Weighted down)
    : down_([&] {
        std::vector<Weighted> parts;
        parts.push_back(std::move(down));
        return parts;
      }()) {
  gate_up_.push_back(std::move(gate));
  gate_up_.push_back(std::move(up));
}

void GatedProduct::run(
    Context& context, Activations& x, const float* residual, float* y) const {
  auto& middle = context.workspace.middle;
  middle.reset(context, down_.forms(), x.rows(), down_.in());
  const Split split(
      x.n_panels(), pairs_of(gate_up_[0]), context.pool.n_threads());
  context.pool.run(split.n_pieces(), [&](int piece) {
    alignas(64) Buffer gate;
    alignas(64) Buffer up;
    split.run(piece, [&](int panel, int pair) {
      const auto in = x.panel(panel);
      multiply(context, gate_up_[0], pair, in, gate);
      multiply(context, gate_up_[1], pair, in, up);
      const int tiles =
          std::min(kPair, gate_up_[0].matrix.layout().n_tiles() - pair * kPair);
      for (int r = 0; r < in.rows; ++r) {
        context.table->swiglu(
            gate.data() + r * kBlock, up.data() + r * kBlock, tiles * kTile);
      }
      middle.put_block(context, panel, pair * kBlock, gate.data(), kBlock);
    });
  });
  down_.run(context, middle, residual, y);
}

} // namespace lockstep::kernels
