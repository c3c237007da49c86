#include "checkpoint/gguf_names.h"

#include <string>

#include <doctest/doctest.h>

namespace lockstep::checkpoint {

// Seen to fail with: ffn_gate and ffn_up exchanged.
TEST_CASE("GGUF's names become those of Hugging Face") {
  const auto name = [](const char* gguf) {
    return hf_name(gguf, "llama").name;
  };
  CHECK(name("token_embd.weight") == "model.embed_tokens.weight");
  CHECK(name("output_norm.weight") == "model.norm.weight");
  CHECK(name("output.weight") == "lm_head.weight");
  const std::string layer = "model.layers.12.";
  CHECK(name("blk.12.attn_norm.weight") == layer + "input_layernorm.weight");
  CHECK(name("blk.12.attn_q.weight") == layer + "self_attn.q_proj.weight");
  CHECK(name("blk.12.attn_k.bias") == layer + "self_attn.k_proj.bias");
  CHECK(name("blk.12.attn_v.weight") == layer + "self_attn.v_proj.weight");
  CHECK(name("blk.12.attn_output.weight") == layer + "self_attn.o_proj.weight");
  CHECK(
      name("blk.12.ffn_norm.weight") ==
      layer + "post_attention_layernorm.weight");
  CHECK(name("blk.12.ffn_gate.weight") == layer + "mlp.gate_proj.weight");
  CHECK(name("blk.12.ffn_up.weight") == layer + "mlp.up_proj.weight");
  CHECK(name("blk.12.ffn_down.weight") == layer + "mlp.down_proj.weight");
}

// Seen to fail with: every architecture taken for llama.
TEST_CASE("only llama's queries and keys are interleaved") {
  const auto heads = [](const char* gguf, const char* architecture) {
    return hf_name(gguf, architecture).interleaved;
  };
  CHECK(heads("blk.0.attn_q.weight", "llama") == Heads::query);
  CHECK(heads("blk.0.attn_q.bias", "llama") == Heads::query);
  CHECK(heads("blk.0.attn_k.weight", "llama") == Heads::key);
  CHECK(heads("blk.0.attn_v.weight", "llama") == Heads::none);
  CHECK(heads("blk.0.attn_q.weight", "qwen2") == Heads::none);
}

TEST_CASE("names that are not known stay for the model to refuse") {
  for (const char* gguf :
       {"rope_freqs.weight",
        "blk.x.attn_q.weight",
        "blk.01.attn_q.weight",
        "blk..attn_q.weight",
        "blk.3",
        "output.scales",
        "weight",
        ""}) {
    CHECK(hf_name(gguf, "llama").name == gguf);
    CHECK(hf_name(gguf, "llama").interleaved == Heads::none);
  }
  CHECK(
      hf_name("blk.3.ffn_gate_exps.weight", "llama").name ==
      "model.layers.3.ffn_gate_exps.weight");
}

} // namespace lockstep::checkpoint
