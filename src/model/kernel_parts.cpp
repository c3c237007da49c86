#include "model/kernel_parts.h"

#include <future>
#include <map>
#include <optional>
#include <utility>

#include "kernels/arena.h"
#include "kernels/attention.h"
#include "kernels/node.h"
#include "kernels/product.h"
#include "kernels/rope_table.h"

namespace lockstep::model {

namespace {

using kernels::Activations;
using kernels::Context;
using kernels::PackedMatrix;
using kernels::Weighted;
using SharedContext = std::shared_ptr<Context>;

const float* floats(const std::byte* data) {
  return reinterpret_cast<const float*>(data);
}

/// `Map` is kernels::Product or kernels::GatedProduct.
template <class Map>
class KernelRowMap final : public RowMap {
 public:
  KernelRowMap(
      const char* name,
      SharedContext context,
      std::optional<RmsNorm> norm,
      Map map)
      : name_(name),
        state_(std::make_shared<State>(
            State{std::move(context), std::move(norm), std::move(map)})) {}

  mx::array operator()(
      const mx::array& x, const mx::array* residual) const override {
    const int rows = x.shape(0);
    std::vector<mx::array> inputs{x};
    if (residual != nullptr) {
      inputs.push_back(*residual);
    }
    return kernels::make_node(
        name_,
        {rows, state_->map.out()},
        std::move(inputs),
        [state = state_, rows](const std::vector<std::byte*>& in, float* out) {
          const auto& norm = state->norm;
          Activations activations(
              *state->context,
              state->map.forms(),
              {floats(in[0]),
               rows,
               state->map.in(),
               norm ? norm->weight.data() : nullptr,
               norm ? norm->eps : 0.0F});
          state->map.run(
              *state->context,
              activations,
              in.size() > 1 ? floats(in[1]) : nullptr,
              out);
        });
  }

 private:
  struct State {
    SharedContext context;
    std::optional<RmsNorm> norm;
    Map map;
  };

  const char* name_;
  std::shared_ptr<State> state_;
};

class KernelAttention final : public Attention {
 public:
  KernelAttention(
      SharedContext context,
      const checkpoint::LayerConfig& layer,
      std::shared_ptr<kernels::RopeTable> rope)
      : context_(std::move(context)),
        shape_{
            layer.n_heads,
            layer.n_kv_heads,
            layer.head_dim,
            layer.attn_scale,
            context_->accuracy == kernels::Accuracy::exact
                ? kernels::Stored::f32
                : kernels::Stored::f16},
        rope_(std::move(rope)) {}

  mx::array operator()(
      const mx::array& qkv,
      const Pass& pass,
      LayerCache& cache) const override {
    std::vector<mx::array> inputs{qkv};
    std::vector<kernels::AttentionPart> parts;
    const int width = kernels::tiles_of(shape_.head_dim) * kernels::kTile;
    for (const auto& part : pass.parts) {
      const int end = part.offset + part.n;
      rope_->reserve(end);
      // What a node writes lies behind what nodes before it were given, so
      // the same arrays serve all ticks.
      const auto [keys, values] = cache.reserve(
          part.slot,
          end,
          {shape_.n_kv_heads,
           shape_.head_dim,
           width,
           shape_.stored == kernels::Stored::f32 ? mx::float32 : mx::float16});
      inputs.push_back(keys);
      inputs.push_back(values);
      kernels::AttentionPart to;
      to.first = part.first;
      to.n = part.n;
      to.offset = part.offset;
      to.room = keys.shape(2);
      parts.push_back(to);
    }
    return kernels::make_node(
        "attention",
        {qkv.shape(0), shape_.n_heads * shape_.head_dim},
        std::move(inputs),
        [context = context_, shape = shape_, rope = rope_, parts](
            const std::vector<std::byte*>& in, float* out) {
          auto placed = parts;
          for (std::size_t i = 0; i < placed.size(); ++i) {
            placed[i].keys = in[1 + 2 * i];
            placed[i].values = in[2 + 2 * i];
          }
          attend_parts(*context, shape, *rope, placed, floats(in[0]), out);
        });
  }

 private:
  SharedContext context_;
  kernels::AttentionShape shape_;
  std::shared_ptr<kernels::RopeTable> rope_;
};

class KernelEmbedding final : public Embedding {
 public:
  KernelEmbedding(SharedContext context, PackedMatrix table)
      : context_(std::move(context)), table_(std::move(table)) {}

  mx::array rows(const mx::array& tokens) const override {
    const int n = tokens.shape(0);
    const int hidden = table_.layout().in;
    return kernels::make_node(
        "embedding",
        {n, hidden},
        {tokens},
        [context = context_, table = table_, n, hidden](
            const std::vector<std::byte*>& in, float* out) {
          const auto* ids = reinterpret_cast<const std::int32_t*>(in[0]);
          context->pool.run(n, [&](int i) {
            table.row(ids[i], out + static_cast<std::ptrdiff_t>(i) * hidden);
          });
        });
  }

  std::unique_ptr<RowMap> head(const RmsNorm& norm) const override {
    std::vector<Weighted> parts;
    parts.push_back({table_, {}});
    return std::make_unique<KernelRowMap<kernels::Product>>(
        "head", context_, norm, kernels::Product(std::move(parts)));
  }

 private:
  SharedContext context_;
  PackedMatrix table_;
};

kernels::Stored stored_type(checkpoint::Dtype dtype) {
  return dtype == checkpoint::Dtype::f32   ? kernels::Stored::f32
         : dtype == checkpoint::Dtype::f16 ? kernels::Stored::f16
                                           : kernels::Stored::bf16;
}

class KernelParts final : public Parts {
 public:
  explicit KernelParts(SharedContext context) : context_(std::move(context)) {}

  std::unique_ptr<RowMap> projection(StoredProjection stored) override {
    auto parts = packed(std::move(stored.linears));
    return std::make_unique<KernelRowMap<kernels::Product>>(
        "projection",
        context_,
        std::move(stored.norm),
        kernels::Product(std::move(parts)));
  }

  std::unique_ptr<RowMap> feed_forward(StoredFeedForward stored) override {
    std::vector<StoredLinear> linears;
    linears.push_back(std::move(stored.gate));
    linears.push_back(std::move(stored.up));
    linears.push_back(std::move(stored.down));
    auto parts = packed(std::move(linears));
    return std::make_unique<KernelRowMap<kernels::GatedProduct>>(
        "feed_forward",
        context_,
        std::move(stored.norm),
        kernels::GatedProduct(
            std::move(parts[0]), std::move(parts[1]), std::move(parts[2])));
  }

  std::unique_ptr<Attention> attention(
      const checkpoint::LayerConfig& layer,
      const std::vector<double>& periods) override {
    // Layers with the same angles share one table of them.
    auto& rope = ropes_[periods];
    if (!rope) {
      rope = std::make_shared<kernels::RopeTable>(periods);
    }
    return std::make_unique<KernelAttention>(context_, layer, rope);
  }

  std::unique_ptr<Embedding> embedding(StoredLinear table) override {
    std::vector<StoredLinear> linears;
    linears.push_back(std::move(table));
    return std::make_unique<KernelEmbedding>(
        context_, packed(std::move(linears)).front().matrix);
  }

  mx::Dtype activations() const override { return mx::float32; }
  std::uint64_t bytes_held() const override { return bytes_; }

 private:
  /// Reads each while the one before is packed.
  std::vector<Weighted> packed(std::vector<StoredLinear> stored) {
    std::vector<Weighted> parts;
    auto reading = std::async(std::launch::async, stored.front().read);
    for (std::size_t i = 0; i < stored.size(); ++i) {
      const auto tensor = reading.get();
      if (i + 1 < stored.size()) {
        reading = std::async(std::launch::async, stored[i + 1].read);
      }
      auto matrix = packed(tensor);
      bytes_ += matrix.bytes();
      parts.push_back({std::move(matrix), std::move(stored[i].bias)});
    }
    return parts;
  }

  PackedMatrix packed(const checkpoint::Tensor& tensor) {
    const int out = tensor.shape[0];
    const int in = tensor.shape[1];
    const auto type = stored_type(tensor.dtype);
    if (!tensor.affine) {
      return {
          kernels::DenseSource{out, in, tensor.values, type},
          arena_,
          context_->pool};
    }
    return {
        kernels::AffineSource{
            out,
            in,
            tensor.affine->bits,
            tensor.affine->group,
            tensor.values,
            tensor.scales,
            tensor.biases,
            type},
        arena_,
        context_->pool};
  }

  SharedContext context_;
  kernels::Arena arena_;
  std::map<std::vector<double>, std::shared_ptr<kernels::RopeTable>> ropes_;
  std::uint64_t bytes_ = 0;
};

} // namespace

std::unique_ptr<Parts> kernel_parts(SharedContext context) {
  return std::make_unique<KernelParts>(std::move(context));
}

} // namespace lockstep::model
