#include "plan/stage_needs.h"

#include <cstddef>
#include <utility>

namespace lockstep::plan {

namespace {

/// Of a rank without a model: the program, its libraries, threads' stacks.
constexpr std::uint64_t kProgramBytes = 34'000'000;
/// Of each value of a row: as it is, and as the kernels pack it. Measured.
constexpr std::uint64_t kRowBytes = 9;
/// Of each token of the vocabulary in the tokenizer, which rank 0 has.
constexpr std::uint64_t kTokenizerBytes = 800;

std::uint64_t tensor_bytes(
    const checkpoint::Checkpoint& checkpoint, const char* name) {
  const auto* info = checkpoint.find(name);
  return info != nullptr ? info->stored_bytes() : 0;
}

/// Values of one row between the steps of a layer.
int width_of(const checkpoint::LayerConfig& layer) {
  const int heads = layer.n_heads + layer.n_kv_heads;
  return 2 * heads * layer.head_dim + 3 * layer.ffn_dim;
}

} // namespace

MemoryModel::MemoryModel(
    const checkpoint::Checkpoint& checkpoint,
    const checkpoint::ModelConfig& config,
    ModelWork work)
    : work_(std::move(work)),
      stored_(stored_bytes(checkpoint, config)),
      embedding_(tensor_bytes(checkpoint, "model.embed_tokens.weight")),
      own_head_(
          config.tied_embeddings ? 0
                                 : tensor_bytes(checkpoint, "lm_head.weight")),
      hidden_(static_cast<std::uint64_t>(config.hidden)),
      vocab_(static_cast<std::uint64_t>(config.vocab)) {
  for (const auto& layer : config.layers) {
    widths_.push_back(width_of(layer));
  }
}

std::uint64_t MemoryModel::weights_of(
    const checkpoint::LayerRange& layers) const {
  double sum = 0.0;
  for (int i = layers.first; i < layers.last; ++i) {
    sum += stored_.layers[static_cast<std::size_t>(i)];
  }
  const bool is_last = layers.last == n_layers();
  if (layers.first == 0) {
    sum += static_cast<double>(embedding_);
  }
  // A tied head is the embedding, which is there once.
  if (is_last && (layers.first != 0 || own_head_ > 0)) {
    sum += stored_.last;
  }
  return static_cast<std::uint64_t>(sum);
}

std::uint64_t MemoryModel::widest_row(
    const checkpoint::LayerRange& layers) const {
  return static_cast<std::uint64_t>(*std::max_element(
      widths_.begin() + layers.first, widths_.begin() + layers.last));
}

StageNeeds MemoryModel::needs_of(const checkpoint::LayerRange& layers) const {
  StageNeeds needs;
  needs.weights = weights_of(layers);
  for (int i = layers.first; i < layers.last; ++i) {
    needs.page += work_.page_bytes[static_cast<std::size_t>(i)];
  }
  // Hidden states of a few layers that wait, and packets on their way.
  const auto hidden =
      hidden_ * static_cast<std::uint64_t>(8 + 3 * work_.n_ranks);
  needs.work = kProgramBytes + kRowBytes *
                                   static_cast<std::uint64_t>(work_.rows) *
                                   (widest_row(layers) + hidden);
  if (layers.first == 0) {
    needs.work += kTokenizerBytes * vocab_;
  }
  if (layers.last == n_layers()) {
    needs.work +=
        2 * sizeof(float) * static_cast<std::uint64_t>(work_.n_wanted) * vocab_;
    needs.reading = own_head_;
  }
  return needs;
}

} // namespace lockstep::plan
