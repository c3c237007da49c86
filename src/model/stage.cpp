#include "model/stage.h"

#include <set>
#include <string>
#include <utility>

#include "mlx/ops.h"
#include "mlx/transforms.h"

namespace lockstep::model {

namespace {

constexpr const char* kEmbedding = "model.embed_tokens";
constexpr const char* kNorm = "model.norm";
constexpr const char* kHead = "lm_head";

constexpr int kLayersAhead = 8;

/// Tensors outside the layers that this stage leaves to the others.
std::set<std::string> held_elsewhere(bool is_first, bool is_last, bool tied) {
  std::set<std::string> names;
  if (!is_first && !(is_last && tied)) {
    names.insert(std::string(kEmbedding) + ".weight");
  }
  if (!is_last) {
    names.insert(std::string(kNorm) + ".weight");
    names.insert(std::string(kHead) + ".weight");
  }
  return names;
}

} // namespace

Stage::Stage(
    const checkpoint::Checkpoint& checkpoint,
    const Family& family,
    const checkpoint::ModelConfig& config,
    const LayerRange& layers,
    Parts& parts,
    std::function<void(std::uint64_t)> on_read)
    : Stage(
          Weights(checkpoint, std::move(on_read)),
          family,
          config,
          layers,
          parts) {
}

Stage::Stage(
    Weights weights,
    const Family& family,
    const checkpoint::ModelConfig& config,
    const LayerRange& layers,
    Parts& parts)
    : layers_(layers), activations_(parts.activations()) {
  const auto bytes_before = parts.bytes_held();
  const bool is_first = layers.first == 0;
  const bool is_last = layers.last == static_cast<int>(config.layers.size());
  if (is_first || (is_last && config.tied_embeddings)) {
    embedding_ = parts.embedding(
        weights.take_linear(kEmbedding, config.vocab, config.hidden));
  }
  for (int layer = layers.first; layer < layers.last; ++layer) {
    blocks_.push_back(family.make_block(config, layer, weights, parts));
  }
  if (is_last) {
    make_head(config, weights, parts);
  }
  if (!is_first) {
    embedding_.reset();
  }
  family.skip_unused(weights, config);
  weights.finish(
      layers, held_elsewhere(is_first, is_last, config.tied_embeddings));
  weights_bytes_ = parts.bytes_held() - bytes_before;
  caches_ = parts.caches(
      {config.layers.begin() + layers.first,
       config.layers.begin() + layers.last});
}

void Stage::make_head(
    const checkpoint::ModelConfig& config, Weights& weights, Parts& parts) {
  auto norm = weights.take_norm(kNorm, config.hidden, config.norm_eps);
  if (config.tied_embeddings) {
    head_ = embedding_->head(norm);
    // Some checkpoints store the tied head once more.
    weights.skip(std::string(kHead) + ".weight");
    return;
  }
  StoredProjection stored;
  stored.norm = std::move(norm);
  stored.linears.push_back(
      weights.take_linear(kHead, config.vocab, config.hidden));
  head_ = parts.projection(std::move(stored));
}

mx::array Stage::embed(const mx::array& tokens) const {
  return embedding_->rows(tokens);
}

mx::array Stage::forward(mx::array x, const Pass& pass, KvCache& cache) const {
  cache.begin(pass);
  for (int i = 0; i < static_cast<int>(blocks_.size()); ++i) {
    x = (*blocks_[static_cast<std::size_t>(i)])(x, pass, cache, i);
    if (i % kLayersAhead == 0) {
      mx::async_eval({x}); // computes while the rest is still put together
    }
  }
  return x;
}

mx::array Stage::logits(const mx::array& x) const {
  return mx::astype((*head_)(x), mx::float32);
}

} // namespace lockstep::model
