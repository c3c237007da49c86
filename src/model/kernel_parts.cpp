#include "model/kernel_parts.h"

#include <future>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "kernels/arena.h"
#include "kernels/attention.h"
#include "kernels/block.h"
#include "kernels/node.h"
#include "kernels/product.h"
#include "kernels/rope_table.h"
#include "model/kernel_cache.h"

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

std::optional<kernels::Norm> norm_of(const std::optional<RmsNorm>& stored) {
  return stored ? std::optional(kernels::Norm{stored->weight, stored->eps})
                : std::nullopt;
}

class KernelProjection final : public RowMap {
 public:
  KernelProjection(
      SharedContext context,
      const std::optional<RmsNorm>& norm,
      kernels::Product product)
      : state_(std::make_shared<State>(
            State{std::move(context), norm_of(norm), std::move(product)})) {}

  mx::array operator()(const mx::array& x) const override {
    const int rows = x.shape(0);
    return kernels::make_node(
        "projection",
        {rows, state_->product.out()},
        {x},
        [state = state_, rows](const auto& in, float* out) {
          run_map(
              *state->context,
              state->norm,
              state->product,
              floats(in[0]),
              rows,
              nullptr,
              out);
        });
  }

 private:
  struct State {
    SharedContext context;
    std::optional<kernels::Norm> norm;
    kernels::Product product;
  };
  std::shared_ptr<State> state_;
};

/// A whole layer is one node: putting nodes together and passing them on takes
/// the time of a core that could compute.
class KernelBlock final : public Block {
 public:
  KernelBlock(SharedContext context, kernels::Block block)
      : context_(std::move(context)),
        block_(std::make_shared<kernels::Block>(std::move(block))) {}

  mx::array operator()(
      const mx::array& x,
      const Pass& pass,
      KvCache& cache,
      int layer) const override {
    const auto& own = static_cast<const KernelCache&>(cache);
    for (const auto& part : pass.parts) {
      block_->rope->reserve(part.offset + part.n);
    }
    // What a node writes to the cache lies behind what nodes before it read.
    return kernels::make_node(
        "block",
        x.shape(),
        {x},
        [context = context_,
         block = block_,
         parts = own.parts(),
         offset = own.offset_of(layer),
         rows = x.shape(0)](const auto& in, float* out) {
          run_block(*context, *block, *parts, offset, floats(in[0]), rows, out);
        });
  }

 private:
  SharedContext context_;
  std::shared_ptr<kernels::Block> block_;
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
    return std::make_unique<KernelProjection>(
        context_, norm, kernels::Product(std::move(parts)));
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
  KernelParts(SharedContext context, kernels::KvType kv)
      : context_(std::move(context)), kv_(kv) {}

  std::unique_ptr<RowMap> projection(StoredProjection stored) override {
    return std::make_unique<KernelProjection>(
        context_,
        stored.norm,
        kernels::Product(packed(std::move(stored.linears))));
  }

  std::unique_ptr<Block> block(StoredBlock stored) override {
    const auto& layer = stored.layer;
    // Layers with the same angles share one table of them.
    auto& rope = ropes_[stored.periods];
    if (!rope) {
      rope = std::make_shared<kernels::RopeTable>(stored.periods);
    }
    // All together, so that reading stays ahead of packing.
    auto linears = std::move(stored.qkv.linears);
    const auto n_qkv = static_cast<std::ptrdiff_t>(linears.size());
    std::move(
        stored.out.linears.begin(),
        stored.out.linears.end(),
        std::back_inserter(linears));
    auto& gated = stored.feed_forward;
    linears.push_back(std::move(gated.gate));
    linears.push_back(std::move(gated.up));
    linears.push_back(std::move(gated.down));
    auto all = packed(std::move(linears));
    const auto taken = [](auto first, auto last) {
      return kernels::Product(
          {std::make_move_iterator(first), std::make_move_iterator(last)});
    };
    const auto feed_forward = all.end() - 3;
    return std::make_unique<KernelBlock>(
        context_,
        kernels::Block{
            norm_of(stored.qkv.norm),
            taken(all.begin(), all.begin() + n_qkv),
            shape_of(layer),
            rope,
            taken(all.begin() + n_qkv, feed_forward),
            norm_of(gated.norm),
            kernels::GatedProduct(
                std::move(feed_forward[0]),
                std::move(feed_forward[1]),
                std::move(feed_forward[2]))});
  }

  std::unique_ptr<Embedding> embedding(StoredLinear table) override {
    std::vector<StoredLinear> linears;
    linears.push_back(std::move(table));
    return std::make_unique<KernelEmbedding>(
        context_, packed(std::move(linears)).front().matrix);
  }

  CacheMaker caches(
      const std::vector<checkpoint::LayerConfig>& layers) const override {
    std::vector<kernels::KvShape> shapes;
    std::uint64_t page_bytes = 0;
    for (const auto& layer : layers) {
      shapes.push_back(shape_of(layer).kv());
      page_bytes += shapes.back().page_bytes();
    }
    return {
        [shapes](int n_slots) {
          return std::make_unique<KernelCache>(shapes, n_slots);
        },
        page_bytes,
        true};
  }

  mx::Dtype activations() const override { return mx::float32; }
  std::uint64_t bytes_held() const override { return bytes_; }

 private:
  kernels::AttentionShape shape_of(const checkpoint::LayerConfig& layer) const {
    return {
        layer.n_heads, layer.n_kv_heads, layer.head_dim, layer.attn_scale, kv_};
  }

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
  kernels::KvType kv_;
  kernels::Arena arena_;
  std::map<std::vector<double>, std::shared_ptr<kernels::RopeTable>> ropes_;
  std::uint64_t bytes_ = 0;
};

} // namespace

std::unique_ptr<Parts> kernel_parts(SharedContext context, kernels::KvType kv) {
  return std::make_unique<KernelParts>(std::move(context), kv);
}

} // namespace lockstep::model
