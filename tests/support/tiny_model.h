#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "base/json.h"
#include "checkpoint/checkpoint.h"
#include "support/gguf_writer.h"
#include "support/safetensors_writer.h"
#include "support/temp_folder.h"

namespace lockstep::testing {

/// What a model of random weights looks like. Weights have a standard
/// deviation of 0.5: with small ones a wrong position would hardly show.
struct TinyModelOptions {
  int n_layers = 5;
  int hidden = 64;
  int n_heads = 4;
  int n_kv_heads = 2;
  int head_dim = 16;
  int ffn = 96;
  int vocab = 101;
  bool tied = false;
  bool biases = false;
  bool quantized = false; // 4 bits in groups of 32
  Json rope_scaling;      // null = none
  std::uint32_t seed = 1;
};

/// A llama in the Hugging Face layout, in a folder that goes away with it.
class TinyModel {
 public:
  explicit TinyModel(const TinyModelOptions& options)
      : options_(options), random_(options.seed) {
    add_tensors();
    folder_.write("model.safetensors", weights_.bytes());
    folder_.write("config.json", config().dump());
  }

  checkpoint::Checkpoint open() const {
    return checkpoint::Checkpoint::open(folder_.path());
  }
  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  Json config() const {
    Json json{
        {"model_type", "llama"},
        {"num_hidden_layers", options_.n_layers},
        {"hidden_size", options_.hidden},
        {"num_attention_heads", options_.n_heads},
        {"num_key_value_heads", options_.n_kv_heads},
        {"head_dim", options_.head_dim},
        {"intermediate_size", options_.ffn},
        {"vocab_size", options_.vocab},
        {"max_position_embeddings", 512},
        {"rms_norm_eps", 1e-5},
        {"rope_theta", 10000.0},
        {"attention_bias", options_.biases},
        {"mlp_bias", options_.biases},
        {"tie_word_embeddings", options_.tied},
        {"eos_token_id", 0}};
    if (!options_.rope_scaling.is_null()) {
      json["rope_scaling"] = options_.rope_scaling;
    }
    if (options_.quantized) {
      json["quantization"] = {{"bits", 4}, {"group_size", 32}};
    }
    return json;
  }

  std::string normals(std::size_t n, float mean, float deviation) {
    std::normal_distribution<float> normal(mean, deviation);
    std::string bytes;
    for (std::size_t i = 0; i < n; ++i) {
      bytes += bytes_of(normal(random_));
    }
    return bytes;
  }

  void add_vector(const std::string& name, int n, float mean, float deviation) {
    weights_.add(
        name,
        "F32",
        {n},
        normals(static_cast<std::size_t>(n), mean, deviation));
  }

  void add_matrix(const std::string& name, int out, int in) {
    const auto n = static_cast<std::size_t>(out) * static_cast<std::size_t>(in);
    if (!options_.quantized) {
      weights_.add(name + ".weight", "F32", {out, in}, normals(n, 0.0F, 0.5F));
      return;
    }
    std::string words;
    for (std::size_t i = 0; i < n / 8; ++i) {
      words += bytes_of(static_cast<std::uint32_t>(random_()));
    }
    weights_.add(name + ".weight", "U32", {out, in / 8}, words);
    // q - 7.5 has a deviation of 4.6 steps.
    std::string scales;
    std::string offsets;
    for (std::size_t i = 0; i < n / 32; ++i) {
      scales += bytes_of(0.108F);
      offsets += bytes_of(-0.108F * 7.5F);
    }
    weights_.add(name + ".scales", "F32", {out, in / 32}, scales);
    weights_.add(name + ".biases", "F32", {out, in / 32}, offsets);
  }

  void add_linear(const std::string& name, int out, int in) {
    add_matrix(name, out, in);
    if (options_.biases) {
      add_vector(name + ".bias", out, 0.0F, 0.5F);
    }
  }

  void add_tensors() {
    const auto& o = options_;
    add_matrix("model.embed_tokens", o.vocab, o.hidden);
    for (int i = 0; i < o.n_layers; ++i) {
      const auto layer = "model.layers." + std::to_string(i);
      const auto attention = layer + ".self_attn.";
      add_vector(layer + ".input_layernorm.weight", o.hidden, 1.0F, 0.2F);
      add_linear(attention + "q_proj", o.n_heads * o.head_dim, o.hidden);
      add_linear(attention + "k_proj", o.n_kv_heads * o.head_dim, o.hidden);
      add_linear(attention + "v_proj", o.n_kv_heads * o.head_dim, o.hidden);
      add_linear(attention + "o_proj", o.hidden, o.n_heads * o.head_dim);
      add_vector(
          layer + ".post_attention_layernorm.weight", o.hidden, 1.0F, 0.2F);
      add_linear(layer + ".mlp.gate_proj", o.ffn, o.hidden);
      add_linear(layer + ".mlp.up_proj", o.ffn, o.hidden);
      add_linear(layer + ".mlp.down_proj", o.hidden, o.ffn);
    }
    add_vector("model.norm.weight", o.hidden, 1.0F, 0.2F);
    if (!o.tied) {
      add_matrix("lm_head", o.vocab, o.hidden);
    }
  }

  TinyModelOptions options_;
  std::mt19937 random_;
  SafetensorsWriter weights_;
  TempFolder folder_;
};

} // namespace lockstep::testing
