#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "support/gguf_writer.h"

namespace lockstep::testing {

/// Zeros for a tensor of GGML's F32.
inline std::string f32_zeros(std::uint64_t count) {
  return std::string(count * 4, '\0');
}

/// A sound llama of one layer: hidden 64, 2 heads, 1 KV head, FFN 32, with
/// byte-level tokens "a", "b", "ab" and two control tokens. All weights zero.
inline GgufWriter tiny_gguf() {
  GgufWriter w;
  w.set_string("general.architecture", "llama");
  w.set_u32("llama.block_count", 1);
  w.set_u32("llama.context_length", 128);
  w.set_u32("llama.embedding_length", 64);
  w.set_u32("llama.feed_forward_length", 32);
  w.set_u32("llama.attention.head_count", 2);
  w.set_u32("llama.attention.head_count_kv", 1);
  w.set_f32("llama.attention.layer_norm_rms_epsilon", 1e-5F);
  w.set_f32("llama.rope.freq_base", 50000.0F);
  w.set_string("tokenizer.ggml.model", "gpt2");
  w.set_string("tokenizer.ggml.pre", "smollm");
  w.set_strings("tokenizer.ggml.tokens", {"a", "b", "ab", "<s>", "</s>"});
  w.set_i32s("tokenizer.ggml.token_type", {1, 1, 1, 3, 3});
  w.set_strings("tokenizer.ggml.merges", {"a b"});
  w.set_u32("tokenizer.ggml.bos_token_id", 3);
  w.set_u32("tokenizer.ggml.eos_token_id", 4);
  w.add_tensor("token_embd.weight", {64, 5}, 0, f32_zeros(320));
  w.add_tensor("output_norm.weight", {64}, 0, f32_zeros(64));
  w.add_tensor("blk.0.attn_norm.weight", {64}, 0, f32_zeros(64));
  w.add_tensor("blk.0.attn_q.weight", {64, 64}, 0, f32_zeros(4096));
  w.add_tensor("blk.0.attn_k.weight", {64, 32}, 0, f32_zeros(2048));
  w.add_tensor("blk.0.attn_v.weight", {64, 32}, 0, f32_zeros(2048));
  w.add_tensor("blk.0.attn_output.weight", {64, 64}, 0, f32_zeros(4096));
  w.add_tensor("blk.0.ffn_norm.weight", {64}, 0, f32_zeros(64));
  w.add_tensor("blk.0.ffn_gate.weight", {64, 32}, 0, f32_zeros(2048));
  w.add_tensor("blk.0.ffn_up.weight", {64, 32}, 0, f32_zeros(2048));
  w.add_tensor("blk.0.ffn_down.weight", {32, 64}, 0, f32_zeros(2048));
  return w;
}

/// The same with SentencePiece tokens: <unk>, <s>, </s>, 256 bytes, then pieces by
/// falling score.
inline GgufWriter sentencepiece_gguf() {
  auto writer = tiny_gguf();
  std::vector<std::string> tokens{"<unk>", "<s>", "</s>"};
  std::vector<std::int32_t> types{2, 3, 3};
  for (int byte = 0; byte < 256; ++byte) {
    tokens.push_back(fmt::format("<0x{:02X}>", byte));
    types.push_back(6);
  }
  for (const auto* piece : {"ab", "abc", "\u2581a", "a", "b", "c", "\u2581"}) {
    tokens.emplace_back(piece);
    types.push_back(1);
  }
  tokens.emplace_back("bc");
  types.push_back(4);
  std::vector<float> scores(tokens.size(), 0.0F);
  for (std::size_t i = 259; i < scores.size(); ++i) {
    scores[i] = -static_cast<float>(i - 259);
  }
  writer.set_string("tokenizer.ggml.model", "llama");
  writer.set_strings("tokenizer.ggml.tokens", tokens);
  writer.set_i32s("tokenizer.ggml.token_type", types);
  writer.set_f32s("tokenizer.ggml.scores", scores);
  writer.set_u32("tokenizer.ggml.bos_token_id", 1);
  writer.set_u32("tokenizer.ggml.eos_token_id", 2);
  writer.set_u32("tokenizer.ggml.unknown_token_id", 0);
  return writer;
}

} // namespace lockstep::testing
