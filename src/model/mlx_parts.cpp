#include "model/mlx_parts.h"

#include <optional>
#include <utility>

#include "mlx/device.h"
#include "mlx/fast.h"
#include "mlx/ops.h"
#include "mlx/transforms.h"

#include "model/mlx_attention.h"
#include "model/mlx_loader.h"

namespace lockstep::model {

namespace {

using checkpoint::Dtype;

mx::Dtype to_mlx(Dtype dtype) {
  return dtype == Dtype::f32   ? mx::float32
         : dtype == Dtype::f16 ? mx::float16
                               : mx::bfloat16;
}

/// A weight matrix [out, in], dense or in MLX's affine quantization.
struct Matrix {
  mx::array weight; // dense [out, in], or packed words [out, in * bits / 32]
  std::optional<mx::array> scales; // [out, in / group]
  std::optional<mx::array> biases;
  checkpoint::Affine affine;

  static Matrix load(checkpoint::Tensor stored, Loader& loader) {
    const int out = stored.shape[0];
    const int in = stored.shape[1];
    const auto type = to_mlx(stored.dtype);
    if (!stored.affine) {
      return {
          loader.bytes_as(
              std::move(stored.values), {out, in}, type, loader.type()),
          std::nullopt,
          std::nullopt,
          {}};
    }
    const auto affine = *stored.affine;
    const mx::Shape groups{out, in / affine.group};
    return {
        loader.bytes_as(
            std::move(stored.values),
            {out, in * affine.bits / 32},
            mx::uint32,
            mx::uint32),
        loader.bytes_as(std::move(stored.scales), groups, type, loader.type()),
        loader.bytes_as(std::move(stored.biases), groups, type, loader.type()),
        affine};
  }

  mx::array operator()(const mx::array& x) const {
    return scales ? mx::quantized_matmul(
                        x,
                        weight,
                        *scales,
                        biases,
                        true,
                        affine.group,
                        affine.bits)
                  : mx::matmul(x, mx::transpose(weight));
  }
};

struct Linear {
  Matrix matrix;
  std::optional<mx::array> bias; // [out]

  static Linear load(const StoredLinear& stored, Loader& loader) {
    auto bias = stored.bias.empty() ? std::nullopt
                                    : std::optional(loader.floats(stored.bias));
    return {Matrix::load(stored.read(), loader), std::move(bias)};
  }

  mx::array operator()(const mx::array& x) const {
    return bias ? mx::add(matrix(x), *bias) : matrix(x);
  }
};

struct Norm {
  std::optional<mx::array> weight; // nothing = no norm
  float eps = 0.0F;

  static Norm load(const std::optional<RmsNorm>& stored, Loader& loader) {
    return stored ? Norm{loader.floats(stored->weight), stored->eps} : Norm{};
  }

  mx::array operator()(const mx::array& x) const {
    return weight ? mx::fast::rms_norm(x, weight, eps) : x;
  }
};

class MlxProjection final : public RowMap {
 public:
  MlxProjection(Norm norm, std::vector<Linear> linears)
      : norm_(std::move(norm)), linears_(std::move(linears)) {}

  static MlxProjection load(const StoredProjection& stored, Loader& loader) {
    std::vector<Linear> linears;
    linears.reserve(stored.linears.size());
    for (const auto& linear : stored.linears) {
      linears.push_back(Linear::load(linear, loader));
    }
    return {Norm::load(stored.norm, loader), std::move(linears)};
  }

  mx::array operator()(const mx::array& x) const override {
    const auto in = norm_(x);
    std::vector<mx::array> outs;
    outs.reserve(linears_.size());
    for (const auto& linear : linears_) {
      outs.push_back(linear(in));
    }
    return outs.size() == 1 ? outs.front() : mx::concatenate(outs, 1);
  }

 private:
  Norm norm_;
  std::vector<Linear> linears_;
};

struct FeedForward {
  Norm norm;
  Linear gate;
  Linear up;
  Linear down;

  static FeedForward load(const StoredFeedForward& stored, Loader& loader) {
    return {
        Norm::load(stored.norm, loader),
        Linear::load(stored.gate, loader),
        Linear::load(stored.up, loader),
        Linear::load(stored.down, loader)};
  }

  mx::array operator()(const mx::array& x) const {
    const auto in = norm(x);
    const auto g = gate(in);
    return down(mx::multiply(mx::multiply(g, mx::sigmoid(g)), up(in)));
  }
};

class MlxBlock final : public Block {
 public:
  MlxBlock(const StoredBlock& stored, Loader& loader)
      : qkv_(MlxProjection::load(stored.qkv, loader)),
        attention_(stored.layer, stored.periods),
        out_(MlxProjection::load(stored.out, loader)),
        feed_forward_(FeedForward::load(stored.feed_forward, loader)) {}

  mx::array operator()(
      const mx::array& x,
      const Pass& pass,
      KvCache& cache,
      int layer) const override {
    auto& own = static_cast<MlxCache&>(cache);
    const auto h = mx::add(x, out_(attention_(qkv_(x), pass, own, layer)));
    return mx::add(h, feed_forward_(h));
  }

 private:
  MlxProjection qkv_;
  MlxAttention attention_;
  MlxProjection out_;
  FeedForward feed_forward_;
};

class MlxEmbedding final : public Embedding {
 public:
  MlxEmbedding(Matrix table, Loader loader)
      : table_(std::move(table)), loader_(loader) {}

  mx::array rows(const mx::array& tokens) const override {
    const auto rows = mx::take(table_.weight, tokens, 0);
    if (!table_.scales) {
      return mx::astype(rows, loader_.type());
    }
    return mx::astype(
        mx::dequantize(
            rows,
            mx::take(*table_.scales, tokens, 0),
            mx::take(*table_.biases, tokens, 0),
            table_.affine.group,
            table_.affine.bits),
        loader_.type());
  }

  std::unique_ptr<RowMap> head(const RmsNorm& norm) const override {
    auto loader = loader_;
    return std::make_unique<MlxProjection>(
        Norm::load(norm, loader),
        std::vector<Linear>{Linear{table_, std::nullopt}});
  }

 private:
  Matrix table_;
  Loader loader_;
};

class MlxParts final : public Parts {
 public:
  MlxParts(mx::Dtype type, KvStored kv) : loader_(type), kv_(kv) {}

  std::unique_ptr<RowMap> projection(StoredProjection stored) override {
    return std::make_unique<MlxProjection>(
        MlxProjection::load(stored, loader_));
  }

  std::unique_ptr<Block> block(StoredBlock stored) override {
    return std::make_unique<MlxBlock>(stored, loader_);
  }

  std::unique_ptr<Embedding> embedding(StoredLinear table) override {
    return std::make_unique<MlxEmbedding>(
        Matrix::load(table.read(), loader_), loader_);
  }

  CacheMaker caches(
      const std::vector<checkpoint::LayerConfig>& layers) const override {
    std::uint64_t page_bytes = 0;
    for (const auto& layer : layers) {
      const auto head =
          kv_ == KvStored::i8
              ? static_cast<std::size_t>(layer.head_dim) + sizeof(float)
              : static_cast<std::size_t>(layer.head_dim) *
                    loader_.type().size();
      page_bytes += std::uint64_t{2} * kPagePlaces *
                    static_cast<std::uint64_t>(layer.n_kv_heads) * head;
    }
    return {
        [n = layers.size(), kv = kv_](int n_slots) {
          return std::make_unique<MlxCache>(n, n_slots, kv);
        },
        page_bytes,
        false};
  }

  mx::Dtype activations() const override { return loader_.type(); }
  std::uint64_t bytes_held() const override { return loader_.bytes(); }

 private:
  Loader loader_;
  KvStored kv_;
};

} // namespace

std::unique_ptr<Parts> mlx_parts(Dtype stored, KvStored kv) {
  if (mx::default_device() == mx::Device(mx::Device::cpu)) {
    return std::make_unique<MlxParts>(mx::float32, kv);
  }
  return std::make_unique<MlxParts>(
      stored == Dtype::bf16 ? mx::bfloat16 : mx::float16, kv);
}

} // namespace lockstep::model
