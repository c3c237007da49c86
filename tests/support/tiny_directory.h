#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "checkpoint/checkpoint.h"
#include "support/gguf_writer.h"
#include "support/refused.h"
#include "support/safetensors_writer.h"
#include "support/temp_folder.h"

namespace lockstep::testing {

inline Json tiny_config() {
  return parse_json(
      R"({"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2,
          "num_attention_heads": 4, "num_key_value_heads": 2,
          "intermediate_size": 128, "vocab_size": 10, "rms_norm_eps": 1e-5,
          "max_position_embeddings": 512, "eos_token_id": 2})",
      "tiny");
}

inline SafetensorsWriter one_norm() {
  SafetensorsWriter writer;
  writer.add("model.norm.weight", "F32", {64}, std::string(256, '\0'));
  return writer;
}

// down_proj [4, 64] of 4 bits in groups of 32: scales and biases [4, 2].
inline SafetensorsWriter quantized() {
  auto writer = one_norm();
  const std::string module = "model.layers.1.mlp.down_proj";
  std::vector<std::uint32_t> words;
  for (std::uint32_t i = 0; i < 32; ++i) {
    words.push_back(i * 0x9e3779b9U);
  }
  std::vector<std::uint16_t> scales;
  std::vector<std::uint16_t> biases;
  for (std::uint16_t i = 0; i < 8; ++i) {
    scales.push_back(static_cast<std::uint16_t>(0x3c00 + i));
    biases.push_back(static_cast<std::uint16_t>(0xc000 + i));
  }
  writer.add(module + ".biases", "F16", {4, 2}, bytes_of_all(biases));
  writer.add(module + ".scales", "F16", {4, 2}, bytes_of_all(scales));
  writer.add(module + ".weight", "U32", {4, 8}, bytes_of_all(words));
  return writer;
}

inline Json quantized_config() {
  auto config = tiny_config();
  config["quantization"] = {{"group_size", 32}, {"bits", 4}};
  return config;
}

/// A model directory that goes away with the object.
struct Model {
  TempFolder folder;

  void write(const std::string& name, const std::string& text) const {
    folder.write(name, text);
  }
  void write(const std::string& name, const char* text) const {
    folder.write(name, text);
  }
  void write(const std::string& name, const Json& json) const {
    folder.write(name, json.dump());
  }
  void write(const std::string& name, const SafetensorsWriter& writer) const {
    folder.write(name, writer.bytes());
  }
  checkpoint::Checkpoint open() const {
    return checkpoint::Checkpoint::open(folder.path());
  }
};

/// Checks that opening `model` is refused with a text that names all of `named`.
inline void refused(
    ErrorKind kind,
    const std::vector<std::string_view>& named,
    const Model& model) {
  check_refused(kind, named, [&] { model.open(); });
}

} // namespace lockstep::testing
