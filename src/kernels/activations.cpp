#include "kernels/activations.h"

#include <algorithm>

#include "kernels/context.h"

namespace lockstep::kernels {

namespace {

/// The largest panel for which kernels exist.
int panel_rows(int rows, int most) {
  for (const int size : {12, 8, 4, 3, 2}) {
    if (size <= most && size <= rows) {
      return size;
    }
  }
  return 1;
}

} // namespace

void Activations::reset(
    const Context& context, InputForms forms, int rows, int in) {
  forms_ = forms;
  rows_ = rows;
  in_ = in;
  words_ = context.accuracy == Accuracy::fast && context.table->fast ? 1 : 2;
  starts_.assign(1, 0);
  while (starts_.back() < rows) {
    starts_.push_back(
        starts_.back() +
        panel_rows(rows - starts_.back(), context.table->rows));
  }
  const auto n = static_cast<std::size_t>(rows) * static_cast<std::size_t>(in);
  if (forms.quantized) {
    make_room(quads_, n / 4 * static_cast<std::size_t>(words_));
    make_room(scales_, n / kBlock);
    make_room(totals_, n / kBlock);
    make_room(sums_, n / kBlock);
  }
  if (forms.dense) {
    make_room(values_, n);
  }
}

void Activations::take(
    Context& context, InputForms forms, const RowSource& source) {
  reset(context, forms, source.rows, source.in);
  context.pool.run(n_panels(), [&](int p) {
    const auto first = static_cast<std::size_t>(first_row(p));
    const int rows = first_row(p + 1) - first_row(p);
    const auto in = static_cast<std::size_t>(in_);
    const float* x = source.x + first * in;
    std::vector<float> normed;
    if (source.norm != nullptr) {
      normed.resize(static_cast<std::size_t>(rows) * in);
      for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r) {
        context.table->rms_norm(
            x + r * in, source.norm, source.eps, in_, &normed[r * in]);
      }
      x = normed.data();
    }
    if (forms_.quantized) {
      context.table->quantize_for(context.accuracy)(x, in_, panel(p));
    }
    if (forms_.dense) {
      auto* to = panel(p).values;
      for (std::size_t i = 0; i < in; ++i) {
        for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r) {
          *to++ = x[r * in + i];
        }
      }
    }
  });
}

Panel Activations::panel(int i) {
  const auto at =
      static_cast<std::size_t>(first_row(i)) * static_cast<std::size_t>(in_);
  Panel panel;
  panel.rows = first_row(i + 1) - first_row(i);
  panel.in = in_;
  if (forms_.quantized) {
    panel.quads = quads_.data() + at / 4 * static_cast<std::size_t>(words_);
    panel.scales = scales_.data() + at / kBlock;
    panel.totals = totals_.data() + at / kBlock;
    panel.sums = sums_.data() + at / kBlock;
  }
  if (forms_.dense) {
    panel.values = values_.data() + at;
  }
  return panel;
}

void Activations::put_block(
    const Context& context,
    int p,
    int first,
    const float* values,
    std::ptrdiff_t stride) {
  auto whole = panel(p);
  if (forms_.quantized) {
    auto block = whole;
    block.in = kBlock;
    const auto before = static_cast<std::ptrdiff_t>(first) * whole.rows;
    block.quads += before / 4 * words_;
    block.scales += before / kBlock;
    block.totals += before / kBlock;
    block.sums += before / kBlock;
    context.table->quantize_for(context.accuracy)(values, stride, block);
  }
  if (forms_.dense) {
    const int n = std::min(kBlock, in_ - first);
    for (int i = 0; i < n; ++i) {
      for (int r = 0; r < whole.rows; ++r) {
        whole.values[(first + i) * whole.rows + r] = values[r * stride + i];
      }
    }
  }
}

} // namespace lockstep::kernels
