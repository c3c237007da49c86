#include "engine/stage_needs.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "model/kv_cache.h"
#include "plan/partition.h"

namespace lockstep::engine {

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

std::uint64_t weights_of(const StageWork& work) {
  const auto bytes = plan::stored_bytes(work.checkpoint, work.config);
  double sum = 0.0;
  for (int i = work.layers.first; i < work.layers.last; ++i) {
    sum += bytes.layers[static_cast<std::size_t>(i)];
  }
  const auto embedding =
      tensor_bytes(work.checkpoint, "model.embed_tokens.weight");
  if (work.layers.first == 0 && embedding > 0) {
    sum += static_cast<double>(embedding);
  } else if (work.layers.last == static_cast<int>(bytes.layers.size())) {
    sum += bytes.last;
  }
  return static_cast<std::uint64_t>(sum);
}

/// Values of one row between the steps of a layer.
std::uint64_t widest_row(const StageWork& work) {
  int most = 0;
  for (int i = work.layers.first; i < work.layers.last; ++i) {
    const auto& layer = work.config.layers[static_cast<std::size_t>(i)];
    const int heads = layer.n_heads + layer.n_kv_heads;
    most = std::max(most, 2 * heads * layer.head_dim + 3 * layer.ffn_dim);
  }
  return static_cast<std::uint64_t>(most);
}

} // namespace

MemoryNeeds needs_of(const StageWork& work) {
  const auto& layers = work.config.layers;
  const auto vocab = static_cast<std::uint64_t>(work.config.vocab);
  MemoryNeeds needs;
  needs.weights = weights_of(work);
  needs.page_places = model::kPagePlaces;
  needs.page = work.parts
                   .caches(
                       {layers.begin() + work.layers.first,
                        layers.begin() + work.layers.last})
                   .page_bytes;
  // Hidden states of a few layers that wait, and packets on their way.
  const auto hidden = static_cast<std::uint64_t>(work.config.hidden) *
                      static_cast<std::uint64_t>(8 + 3 * work.n_ranks);
  needs.work = kProgramBytes + kRowBytes *
                                   static_cast<std::uint64_t>(work.rows) *
                                   (widest_row(work) + hidden);
  if (work.layers.first == 0) {
    needs.work += kTokenizerBytes * vocab;
  }
  if (work.layers.last == static_cast<int>(layers.size())) {
    needs.work +=
        2 * sizeof(float) * static_cast<std::uint64_t>(work.n_wanted) * vocab;
    needs.reading = tensor_bytes(work.checkpoint, "lm_head.weight");
  }
  return needs;
}

} // namespace lockstep::engine
