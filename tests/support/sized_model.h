#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/config.h"
#include "support/temp_folder.h"

namespace lockstep::testing {

/// A model of which only sizes exist: a matrix of so many rows of 32 floats for
/// each layer, the embedding and, unless it is tied, the head.
struct SizedModel {
  std::vector<int> layer_rows;
  int embedding_rows = 1;
  int head_rows = 0; // 0 = tied

  static constexpr int kRowBytes = 32 * 4;

  checkpoint::ModelConfig config() const {
    checkpoint::ModelConfig config;
    config.hidden = 32;
    config.vocab = 10;
    config.tied_embeddings = head_rows == 0;
    config.layers.resize(layer_rows.size());
    return config;
  }

  checkpoint::Checkpoint open() const {
    const TempFolder folder;
    const auto file = folder.write(
        "config.json", R"({"model_type": "llama", "torch_dtype": "float32"})");
    std::vector<checkpoint::TensorNeed> needs{
        {"model.embed_tokens.weight", {embedding_rows, 32}}};
    if (head_rows > 0) {
      needs.push_back({"lm_head.weight", {head_rows, 32}});
    }
    for (std::size_t i = 0; i < layer_rows.size(); ++i) {
      needs.push_back(
          {"model.layers." + std::to_string(i) + ".mlp.up_proj.weight",
           {layer_rows[i], 32}});
    }
    return checkpoint::Checkpoint::open_shape(file).with_random_weights(needs);
  }
};

} // namespace lockstep::testing
