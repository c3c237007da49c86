#include "checkpoint/gguf_names.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

namespace lockstep::checkpoint {

namespace {

struct Pair {
  std::string_view gguf;
  std::string_view hf;
};

constexpr std::array kWhole{
    Pair{"token_embd", "model.embed_tokens"},
    Pair{"output_norm", "model.norm"},
    Pair{"output", "lm_head"},
};

constexpr std::array kInLayer{
    Pair{"attn_norm", "input_layernorm"},
    Pair{"attn_q", "self_attn.q_proj"},
    Pair{"attn_k", "self_attn.k_proj"},
    Pair{"attn_v", "self_attn.v_proj"},
    Pair{"attn_output", "self_attn.o_proj"},
    Pair{"attn_q_norm", "self_attn.q_norm"},
    Pair{"attn_k_norm", "self_attn.k_norm"},
    Pair{"ffn_norm", "post_attention_layernorm"},
    Pair{"ffn_gate", "mlp.gate_proj"},
    Pair{"ffn_up", "mlp.up_proj"},
    Pair{"ffn_down", "mlp.down_proj"},
};

template <std::size_t n>
std::string_view look_up(
    const std::array<Pair, n>& table, std::string_view name) {
  const auto* const found =
      std::find_if(table.begin(), table.end(), [&](const Pair& pair) {
        return pair.gguf == name;
      });
  return found == table.end() ? std::string_view() : found->hf;
}

struct LayerName {
  std::string_view number;
  std::string_view rest;
};

// "blk.7.attn_q" as 7 and attn_q; only numbers without leading zeros.
std::optional<LayerName> split_layer(std::string_view name) {
  constexpr std::string_view kPrefix = "blk.";
  if (name.substr(0, kPrefix.size()) != kPrefix) {
    return std::nullopt;
  }
  name.remove_prefix(kPrefix.size());
  const auto dot = name.find('.');
  if (dot == std::string_view::npos || dot == 0) {
    return std::nullopt;
  }
  const auto number = name.substr(0, dot);
  const bool plain = std::all_of(number.begin(), number.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
  if (!plain || (number.size() > 1 && number[0] == '0')) {
    return std::nullopt;
  }
  return LayerName{number, name.substr(dot + 1)};
}

} // namespace

HfName hf_name(std::string_view gguf_name, std::string_view architecture) {
  HfName unknown{std::string(gguf_name)};
  const auto dot = gguf_name.rfind('.');
  if (dot == std::string_view::npos) {
    return unknown;
  }
  const auto suffix = gguf_name.substr(dot);
  const auto stem = gguf_name.substr(0, dot);
  if (suffix != ".weight" && suffix != ".bias") {
    return unknown;
  }
  if (const auto whole = look_up(kWhole, stem); !whole.empty()) {
    return {std::string(whole) + std::string(suffix)};
  }
  const auto layer = split_layer(stem);
  if (!layer) {
    return unknown;
  }
  HfName result{"model.layers." + std::string(layer->number) + "."};
  if (const auto known = look_up(kInLayer, layer->rest); !known.empty()) {
    result.name += std::string(known) + std::string(suffix);
  } else {
    result.name += std::string(layer->rest) + std::string(suffix);
  }
  if (architecture == "llama" && layer->rest == "attn_q") {
    result.interleaved = Heads::query;
  }
  if (architecture == "llama" && layer->rest == "attn_k") {
    result.interleaved = Heads::key;
  }
  return result;
}

} // namespace lockstep::checkpoint
